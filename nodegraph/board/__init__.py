"""Storyboards: folders and Storyboarder projects as panels in their order."""
