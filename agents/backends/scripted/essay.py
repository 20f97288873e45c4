"""A text worth watching: what the `essay` model of the scripted backend says."""

from typing import Final

ESSAY: Final = """\
Every word you read here was sent out twice: once to be seen, and once to be kept.

No model is writing this. It is a script, played at the pace of one, so that you can watch how words \
arrive. Somewhere behind this page a worker holds the whole text and lets go of about twenty words a \
second. Each of them is given a number before it leaves. The number is the important part.

A word without a number is like a postcard without a date: lovely, until two of them come on the same \
morning. With numbers, your page can say a very small and very useful sentence: “I have everything up to \
117.” And the server can answer: “Then here is 118.”

So try it. Reload the page now, in the middle of this sentence, and the worker will not even notice. It was \
never talking to your browser. It writes into a log, as a ship’s officer writes through the night whether or \
not the captain is awake. When you come back you show how far you had read, the log is opened at that line, \
and the missing words run past you until you are level with the present. Nothing is said twice; nothing is \
left out. Open a second tab, and both will agree to the letter: naïve, façade, smørrebrød, 水, and this \
small leaf 🌱, which the worker counts as one character and your browser as two.

And if the log itself is lost, as one day a log will be? Then you are told so, plainly, and you get what \
there is, from its beginning. A system may forget. It may not pretend.

That is all that happens here, really. A voice that cannot be asked to repeat itself is speaking. Somebody \
writes down each word at the moment it is said, and reads it out to whoever asks, from wherever they \
stopped listening.

Reload once more, if you like. The ending will still be here."""
