namespace Camelid.Protocol.Market;

/// <summary>One piece of a message, as it stands in the body of an envelope.</summary>
/// <param name="Id">The hash of the whole message with its kind; zero where the piece is the whole.</param>
/// <param name="Index">Which part, from 0.</param>
/// <param name="Count">Of how many; 1 where it is the whole.</param>
/// <param name="Data">Its bytes.</param>
public sealed record MessagePart(Hash256 Id, int Index, int Count, ReadOnlyMemory<byte> Data);

/// <summary>
/// Rule P-56: how a message of a kind stands in the bodies of envelopes (P-12): whole (0 ‖ bytes), or in parts (1 ‖ id
/// ‖ index (1) ‖ count (1) ‖ bytes), each small enough to be spread. All parts but the last are full.
/// </summary>
public static class MessageParts
{
    /// <summary>Most bytes of a message, or a part of one, in one envelope.</summary>
    public const int PartBytesMax = 32_000;

    /// <summary>Most parts.</summary>
    public const int CountMax = 84;

    /// <summary>Most bytes of a message.</summary>
    public const int BytesMax = CountMax * PartBytesMax;

    /// <summary>The tag of the id.</summary>
    public const string Tag = "camelid/message-whole";

    private const byte Whole = 0;
    private const byte Part = 1;

    /// <summary>The id of a long message: of its kind and all its bytes.</summary>
    public static Hash256 IdOf(byte kind, ReadOnlySpan<byte> bytes) =>
        Hashes.Tagged(Tag, new CanonicalWriter().Byte(kind).Bytes(bytes).Written);

    /// <summary>Envelope bodies that together carry a message, in order.</summary>
    /// <exception cref="ArgumentException">It is too long.</exception>
    public static IReadOnlyList<byte[]> Split(byte kind, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > BytesMax)
        {
            throw new ArgumentException($"a message has at most {BytesMax} bytes", nameof(bytes));
        }

        if (bytes.Length <= PartBytesMax)
        {
            return [new CanonicalWriter().Byte(Whole).Raw(bytes).ToArray()];
        }

        Hash256 id = IdOf(kind, bytes);
        int count = (bytes.Length + PartBytesMax - 1) / PartBytesMax;
        byte[][] bodies = new byte[count][];
        for (int i = 0; i < count; i++)
        {
            int start = i * PartBytesMax;
            ReadOnlySpan<byte> data = bytes[start..Math.Min(bytes.Length, start + PartBytesMax)];
            bodies[i] = new CanonicalWriter().Byte(Part).Hash(id).Byte((byte)i).Byte((byte)count).Raw(data).ToArray();
        }

        return bodies;
    }

    /// <summary>Reads the body of an envelope; refuses what <see cref="Split"/> would not write.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> body, out MessagePart? part)
    {
        CanonicalReader reader = new(body);
        byte form = reader.Byte();
        Hash256 id = form == Part ? reader.Hash() : default;
        int index = form == Part ? reader.Byte() : 0;
        int count = form == Part ? reader.Byte() : 1;
        ReadOnlySpan<byte> data = reader.Raw(reader.Remaining);
        bool good = reader.AtEnd && form is Whole or Part && data.Length <= PartBytesMax
            && (form == Whole || IsPartInForm(index, count, data.Length));
        part = good ? new MessagePart(id, index, count, data.ToArray()) : null;
        return good;
    }

    private static bool IsPartInForm(int index, int count, int length) => count is >= 2 and <= CountMax && index < count
        && (index == count - 1 ? length >= 1 : length == PartBytesMax);
}
