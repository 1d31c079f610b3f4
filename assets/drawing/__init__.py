"""The brushes, people and places the sample storyboard is drawn with."""
