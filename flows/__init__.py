"""What a person or a schedule starts: the command line and the Prefect flows; wiring only."""
