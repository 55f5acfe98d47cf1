// Package fold is what the records of a log come to: what is shown of each, to
// whom, and how the room is set up. It is pure, and a function of the records in
// their order alone: no clock, no memory of the daemon's, no order of a map. So all
// daemons of a room agree, whenever they were started.
//
// This is the contract. Offsets are o, that of the record that is judged, and p, an
// earlier one.
//
// # Time
//
// A log has a time of its own, in milliseconds, that begins at 0 and never goes back. The
// time T of a record is the log time at o. A record that is stamped with a boot and how long
// that was up moves it on to
//
//	base(boot) + up_ms
//
// if that is later, and not later than 1<<60. base(boot) is set, when a boot appears for the
// first time, to log time minus up_ms; and again whenever it would be more than MaxLag later
// than it is. So a power cut stops the time, and does not turn it back; and a boot that appears
// after a silence of others', which log time does not know of, is not behind them for ever. A
// stamp that cannot be one (chat.Stamp.Possible) is none. All records count, also those that
// cannot be read. The last MaxBoots boots are remembered; the one that appeared first is
// forgotten first.
//
// # Repeats
//
// A record that can be read has the key (type, sender, id), if its id is not empty.
// Its sender is From.ID or By.ID; "app " and the app_id if there is none. It is a
// repeat if a record with its key that is no repeat stands at a p with o-p <= Horizon.
// A repeat comes to nothing. It does not matter what the first one came to. An
// epoch record and a record of type snapshot, whatever is in it, have no key and come to nothing.
//
// # Who
//
// A record is a host's if it has the host flag, or its sender is the By of one of the last
// chat.MaxDone deeds of hosts (State.Deeds): older versions have not set the flag. A message
// whose From.ID is empty is an AMQP client's: only the words hold for it, and not they with
// the host flag.
//
// # Messages
//
// A guest's message is refused, for the first of these reasons:
//
//	kicked       a kick of From.ID at time t is remembered, and T - t < chat.KickTime
//	off          the chat is off
//	locked       it is locked
//	no_pictures  it has a picture, and guests may send none
//	slow_down    slow mode is on, From.ID spoke at t, and T - t < the seconds - SlowSlack
//	words        its text has a word that is not wanted (also an AMQP client's)
//
// A message that is not refused is shown: to From.ID alone if From.ID is muted or the record
// has the shadow flag, also if it is a host's, to everyone otherwise. While slow mode is on, its
// time is when From.ID spoke, a host's not. The last MaxSpoken of these are remembered, together
// with those of edits, in their order. A word that is not wanted in the name of who is no host makes it
// chat.SuggestName(From.ID), and an AMQP client's "AMQP"; the same holds for the names in
// reactions, edits and deletions.
//
// # Reactions
//
// A guest's reaction is refused (kicked, off) as a message is. It is shown, if To < o, to
// From.ID alone if From.ID is muted or it has the shadow flag. Nothing is asked about the message.
//
// # Edits and deletions
//
// A guest's edit is refused (kicked, off, locked, slow_down, words) as a message is, but slow mode
// counts from the guest's last edit that was shown. Edits and deletions are refused if the
// message at To
//
//	no_such    is not among those shown (to whomever) in the last Horizon offsets, or is
//	           deleted, or stands before the floor, or, of an edit, is hidden
//	not_yours  is another's: its From.ID is not the edit's, or it is empty
//	too_late   has a t with T - t > chat.EditTime
//
// An edit is a shadow if its From.ID is muted or it has the flag. Then it is shown to From.ID
// alone, and does nothing to a message that all can see. Any other is shown to whom the message
// is shown, and the message has its text from then on. A deletion is shown to whom the message
// is shown, and the message has no text from then on. A host's edit is a host's only in what it
// is refused for: they, too, edit their own messages only.
//
// # What hosts do
//
// Each of these, which is no repeat, is done, whoever put it there, and
// becomes one of State.Deeds (a clock only if a host set it).
//
//	hide      To < o: To is hidden, or with undo is not; shown to everyone. Else nothing is
//	          hidden or shown. When more than chat.MaxHidden are hidden, the lowest is taken
//	          out of the list, and the floor is behind it
//	clear     all before o is cleared. When more than chat.MaxClears clears stand, the first
//	          can be lifted no more: the floor is there. With undo the one at Of, or the last
//	          if Of is missing, stands no more; if there is none, nothing changes. Shown to
//	          everyone
//	mute      Who is muted, as the last of them, under that name; with undo is not
//	kick      Who is kicked, as the last of them, at T. Others of chat.KickTime and more before
//	          the log time are forgotten then
//	slow, lock, off, words, pin, title, pictures, clock   as their fields say. Slow mode that
//	          is off forgets who spoke. A host's clock stands against phones'
//	erase     the state becomes the record's, and Erased; but Hidden, Clears and Floor stay as
//	          they were. Times of kicks count from the log time. Slow mode forgets who spoke
//
// The floor is the largest of State.Floor and State.Clears. Nothing before it is shown.
//
// # What is shown of a message
//
// Its text is that of its last edit, and it is marked as edited. It is gone if it was
// deleted, or else if it is hidden: then it has no text and no picture; hidden, also if it is
// deleted, it has the name chat.SuggestName(From.ID) ("AMQP" if From.ID is empty).
//
// An edit is shown, to those who may see it, as long as it is its message's last and the
// message is not gone.
//
// # Snapshots
//
// A snapshot is all that a fold knows after the record at Upto. To a fold that knows, it is
// nothing. A fold that has begun with a record of an offset other than 0, and without a snapshot,
// does not know: it takes over the first snapshot that it finds, if its Upto is not before the
// first record it was given, and then what stands between Upto and the snapshot once more. Until
// then what Add returns is not to be shown. If there is none up to the end of the log,
// State.Unknown says so: what was read counts from then on. A snapshot with an Upto of -1 that is
// the log's record 0 is an erase: it is what an erasure left that broke off before it could
// publish one.
package fold
