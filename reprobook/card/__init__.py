"""Cards for people and catalogues, filled from what a run recorded; what is not known is listed as a gap."""

from reprobook.card.croissant import croissant
from reprobook.card.data_card import data_card
from reprobook.card.recorded import model_card, recorded_data

__all__ = ["croissant", "data_card", "model_card", "recorded_data"]
