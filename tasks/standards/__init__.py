"""Standards: what the tables say, in the forms that maps, feeds and alert systems read."""
