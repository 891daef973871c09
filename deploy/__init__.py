"""How Jinlin is started, operated and shipped."""
