"""The fault suite: real servers, real faults, and a judge of what clients were told."""
