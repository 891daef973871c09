"""What the pages share: forms, times, words, navigation, and parts that may be missing."""
