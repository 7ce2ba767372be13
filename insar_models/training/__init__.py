"""What every run that trains with torch needs: checkpoints, journal, ranks."""
