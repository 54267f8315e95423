"""Treasury workbench: bank files in, exact balances, statements, charts, Excel and PDF out."""
