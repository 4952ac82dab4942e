"""Where jobs are computed: here in worker processes, elsewhere one day, behind one protocol."""
