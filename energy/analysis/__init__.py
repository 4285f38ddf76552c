"""Questions about many plants: sites, assumptions, weather years, workloads, compute."""
