"""What the pages share: settings as widgets and in the link, queries to the core, jobs, photos, comparison, errors."""
