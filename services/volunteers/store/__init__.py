"""All SQL of the volunteers service; every statement names the community."""

from services.volunteers.store.candidates import Candidate, CandidateSearch, candidates
from services.volunteers.store.hours import ServiceRecord, record, records, total_minutes
from services.volunteers.store.live import changed, concerned
from services.volunteers.store.searches import Eyes, Found, Search, read, search
from services.volunteers.store.tasks import Key, load, load_cycles, save
from services.volunteers.store.teams import load_team, read_team, save_team, teams
from services.volunteers.store.volunteers import (
    VolunteerSearch,
    acts_for,
    add_volunteers,
    load_volunteer,
    read_volunteer,
    save_volunteer,
    search_volunteers,
    takers_among,
    unknown_members,
)

__all__ = [
    "Candidate",
    "CandidateSearch",
    "Eyes",
    "Found",
    "Key",
    "Search",
    "ServiceRecord",
    "VolunteerSearch",
    "acts_for",
    "add_volunteers",
    "candidates",
    "changed",
    "concerned",
    "load",
    "load_cycles",
    "load_team",
    "load_volunteer",
    "read",
    "read_team",
    "read_volunteer",
    "record",
    "records",
    "save",
    "save_team",
    "save_volunteer",
    "search",
    "search_volunteers",
    "takers_among",
    "teams",
    "total_minutes",
    "unknown_members",
]
