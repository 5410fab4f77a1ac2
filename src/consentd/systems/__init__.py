"""Connected silos: how each is reached, and the tasks that it is given."""
