"""The built-in agent `document`: an outline, then its sections, one after another."""

from agents.built_in.document.author import Document, DocumentInput, Section, document

__all__ = ["Document", "DocumentInput", "Section", "document"]
