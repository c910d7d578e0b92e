"""From a composition to its cells, jobs, encodings and trainings, all with ids."""
