"""Pages of the workbench: state and layout only, figures come from the analysis."""
