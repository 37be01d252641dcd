"""What was learnt from embeddings, as live calls use it: templates and heads. How they are made: `monitor/analysis`."""
