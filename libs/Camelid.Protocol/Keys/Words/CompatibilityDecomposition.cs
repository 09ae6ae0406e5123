using System.Globalization;
using System.Text;

namespace Camelid.Protocol.Keys;

/// <summary>
/// Unicode normalisation form KD, from a table of this library: under invariant globalization
/// <see cref="string.Normalize()"/> leaves text as it is, and one passphrase must be one seed on every machine.
/// </summary>
public static class CompatibilityDecomposition
{
    private const string Resource = "Camelid.Protocol.Keys.Words.compatibility-decomposition.txt";
    private const int LeadFirst = 0x1100, VowelFirst = 0x1161, TrailFirst = 0x11A7, SyllableFirst = 0xAC00;
    private const int VowelCount = 21, TrailCount = 28, SyllableCount = 19 * VowelCount * TrailCount;

    private static readonly Lazy<Tables> Loaded = new(Load);

    /// <summary>The text in form KD; half surrogate pairs become U+FFFD where anything is not ASCII.</summary>
    public static string Decompose(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Ascii.IsValid(text))
        {
            return text;
        }

        Tables tables = Loaded.Value;
        List<int> characters = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            Add(rune.Value, characters, tables);
        }

        Order(characters, tables);
        StringBuilder decomposed = new(characters.Count);
        foreach (int character in characters)
        {
            decomposed.Append(new Rune(character).ToString());
        }

        return decomposed.ToString();
    }

    private static void Add(int character, List<int> output, Tables tables)
    {
        int syllable = character - SyllableFirst;
        if (syllable is >= 0 and < SyllableCount)
        {
            output.Add(LeadFirst + (syllable / (VowelCount * TrailCount)));
            output.Add(VowelFirst + (syllable % (VowelCount * TrailCount) / TrailCount));
            if (syllable % TrailCount > 0)
            {
                output.Add(TrailFirst + (syllable % TrailCount));
            }
        }
        else if (tables.Decompositions.TryGetValue(character, out int[]? parts))
        {
            output.AddRange(parts);
        }
        else
        {
            output.Add(character);
        }
    }

    /// <summary>Puts neighbouring marks in the order of their classes; marks of one class keep theirs.</summary>
    private static void Order(List<int> characters, Tables tables)
    {
        for (int i = 1; i < characters.Count; i++)
        {
            int mark = characters[i];
            int place = i;
            while (place > 0 && tables.ClassOf(mark) > 0
                && tables.ClassOf(characters[place - 1]) > tables.ClassOf(mark))
            {
                characters[place] = characters[place - 1];
                place--;
            }

            characters[place] = mark;
        }
    }

    private static Tables Load()
    {
        Dictionary<int, int[]> decompositions = [];
        Dictionary<int, byte> classes = [];
        foreach (string line in EmbeddedText.Lines(Resource).Where(line => !line.StartsWith('#')))
        {
            if (line.Split('=') is [string composed, string parts])
            {
                decompositions.Add(Hex(composed), [.. parts.Split(' ').Select(Hex)]);
            }
            else if (line.Split(':') is [string range, string number])
            {
                string[] ends = range.Split("..");
                for (int character = Hex(ends[0]); character <= Hex(ends[1]); character++)
                {
                    classes.Add(character, byte.Parse(number, CultureInfo.InvariantCulture));
                }
            }
        }

        return new Tables(decompositions, classes);
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private sealed record Tables(Dictionary<int, int[]> Decompositions, Dictionary<int, byte> Classes)
    {
        public int ClassOf(int character) => Classes.GetValueOrDefault(character);
    }
}
