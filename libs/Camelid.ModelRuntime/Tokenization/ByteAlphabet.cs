namespace Camelid.ModelRuntime.Tokenization;

/// <summary>GPT-2's alphabet: every byte has one printable letter, so that a vocabulary file is text.</summary>
internal static class ByteAlphabet
{
    private static readonly char[] Letters = MakeLetters();
    private static readonly Dictionary<char, byte> Bytes =
        Enumerable.Range(0, 256).ToDictionary(value => Letters[value], value => (byte)value);

    /// <summary>The letter of a byte.</summary>
    internal static char Letter(byte value) => Letters[value];

    /// <summary>The byte of a letter; false where the letter is not of the alphabet.</summary>
    internal static bool TryByte(char letter, out byte value) => Bytes.TryGetValue(letter, out value);

    /// <summary>Bytes as letters.</summary>
    internal static string Write(ReadOnlySpan<byte> bytes)
    {
        char[] letters = new char[bytes.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            letters[i] = Letters[bytes[i]];
        }

        return new string(letters);
    }

    private static char[] MakeLetters()
    {
        char[] letters = new char[256];
        int others = 0;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE and <= 0xFF;
            letters[value] = printable ? (char)value : (char)(256 + others++);
        }

        return letters;
    }
}
