"""What ships beside the code: the sample storyboard, fonts and icons."""
