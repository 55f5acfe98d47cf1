// Package mend makes the files of RabbitMQ's streams consistent after a power
// cut, before RabbitMQ sees them.
//
// RabbitMQ does not flush what it confirms, so a cut may leave the end of a
// stream's files torn: a segment that ends in the middle of a chunk, an index
// that knows more or less than its segment, files without a byte. RabbitMQ
// mends some of that by itself, but its stream coordinator reads the index
// first, and a torn last record there makes it refuse the stream for ever.
//
// The contract of [Streams] and [Log]:
//
//   - Afterwards every segment holds whole chunks only, their checksums right
//     and their offsets without a gap from the first to the last file; and
//     every index holds exactly one record per chunk of its segment.
//   - The segment is the truth and the index is made from it: a message whose
//     index record was lost is kept.
//   - What is kept is one piece of the log as it was. Torn at its end, the log
//     loses its end. Damaged in an old file, as by a card that wears out, it
//     loses the smaller of the two sides.
//   - What is consistent is not touched, not even its time of modification.
//   - A cut in the middle of mending leaves what the next mending mends.
//   - A format that is not known is left alone: see [ErrFormat].
//
// The format is that of osiris, RabbitMQ's log, from the comment "Log format"
// in its src/osiris_log.erl and from files written by it. Releases 1.2 and 1.3
// (RabbitMQ 3.10) and 1.8 (RabbitMQ 4.0) write the same two files; 1.5 began to
// use a byte of the chunk header that had been reserved and zero, as the length
// of a Bloom filter between the header and the data.
package mend
