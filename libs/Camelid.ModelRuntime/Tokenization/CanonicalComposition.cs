using System.Globalization;
using System.Text;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>
/// Unicode normalisation form C, from a table of this library: under invariant globalization
/// <see cref="string.Normalize()"/> leaves text as it is, and tokens must not depend on a machine's libraries.
/// </summary>
internal static class CanonicalComposition
{
    private const string Resource = "Camelid.ModelRuntime.Tokenization.canonical-composition.txt";
    private const int LeadFirst = 0x1100, VowelFirst = 0x1161, TrailFirst = 0x11A7, SyllableFirst = 0xAC00;
    private const int LeadCount = 19, VowelCount = 21, TrailCount = 28;
    private const int SyllableCount = LeadCount * VowelCount * TrailCount;

    /// <summary>Below it every character stays as it is, whatever stands beside it.</summary>
    private const char FirstCombining = '\u0300';

    private static readonly Lazy<Tables> Loaded = new(Load);

    /// <summary>The text in form C; half surrogate pairs become U+FFFD where anything changes.</summary>
    internal static string Compose(string text)
    {
        if (text.AsSpan().IndexOfAnyExceptInRange('\0', (char)(FirstCombining - 1)) < 0)
        {
            return text;
        }

        Tables tables = Loaded.Value;
        List<int> characters = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, characters, tables);
        }

        Order(characters, tables);
        Join(characters, tables);
        StringBuilder composed = new(text.Length);
        foreach (int character in characters)
        {
            composed.Append(new Rune(character).ToString());
        }

        return composed.ToString();
    }

    private static void Decompose(int character, List<int> output, Tables tables)
    {
        int syllable = character - SyllableFirst;
        if (syllable is >= 0 and < SyllableCount)
        {
            output.Add(LeadFirst + syllable / (VowelCount * TrailCount));
            output.Add(VowelFirst + syllable % (VowelCount * TrailCount) / TrailCount);
            if (syllable % TrailCount > 0)
            {
                output.Add(TrailFirst + syllable % TrailCount);
            }
        }
        else if (tables.Decompositions.TryGetValue(character, out (int First, int Second) pair))
        {
            Decompose(pair.First, output, tables);
            if (pair.Second > 0)
            {
                output.Add(pair.Second);
            }
        }
        else
        {
            output.Add(character);
        }
    }

    /// <summary>Puts neighbouring marks in the order of their classes; marks of one class keep theirs.</summary>
    private static void Order(List<int> characters, Tables tables)
    {
        for (int start = 0; start < characters.Count; start++)
        {
            if (tables.ClassOf(characters[start]) == 0)
            {
                continue;
            }

            int end = start;
            while (end < characters.Count && tables.ClassOf(characters[end]) != 0)
            {
                end++;
            }

            int[] marks = [.. characters[start..end].OrderBy(tables.ClassOf)];
            for (int i = 0; i < marks.Length; i++)
            {
                characters[start + i] = marks[i];
            }

            start = end;
        }
    }

    private static void Join(List<int> characters, Tables tables)
    {
        int starter = -1, written = 0, lastClass = 0;
        for (int i = 0; i < characters.Count; i++)
        {
            int character = characters[i], markClass = tables.ClassOf(character);
            bool reaches = starter >= 0 && (written == starter + 1 || lastClass < markClass);
            if (reaches && TryJoin(characters[starter], character, tables) is { } joined)
            {
                characters[starter] = joined;
                continue;
            }

            characters[written] = character;
            lastClass = markClass;
            starter = markClass == 0 ? written : starter;
            written++;
        }

        characters.RemoveRange(written, characters.Count - written);
    }

    private static int? TryJoin(int first, int second, Tables tables)
    {
        if (first is >= LeadFirst and < LeadFirst + LeadCount && second is >= VowelFirst and < VowelFirst + VowelCount)
        {
            return SyllableFirst + ((first - LeadFirst) * VowelCount + second - VowelFirst) * TrailCount;
        }

        bool open = first is >= SyllableFirst and < SyllableFirst + SyllableCount
            && (first - SyllableFirst) % TrailCount == 0;
        if (open && second is > TrailFirst and < TrailFirst + TrailCount)
        {
            return first + second - TrailFirst;
        }

        return tables.Compositions.TryGetValue((first, second), out int joined) ? joined : null;
    }

    private static Tables Load()
    {
        using Stream stream = typeof(CanonicalComposition).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"the resource {Resource} is missing from the library");
        using StreamReader reader = new(stream);
        Tables tables = new();
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
            {
                tables.Add(line);
            }
        }

        return tables;
    }

    private sealed class Tables
    {
        private readonly Dictionary<int, int> classes = [];

        internal Dictionary<int, (int First, int Second)> Decompositions { get; } = [];

        internal Dictionary<(int First, int Second), int> Compositions { get; } = [];

        internal int ClassOf(int character) => character < FirstCombining ? 0 : classes.GetValueOrDefault(character);

        internal void Add(string line)
        {
            int sign = line.AsSpan().IndexOfAny('=', '-', ':');
            if (line[sign] == ':')
            {
                int dots = line.IndexOf("..", StringComparison.Ordinal);
                int last = Hex(line.AsSpan(dots + 2, sign - dots - 2));
                int mark = int.Parse(line.AsSpan(sign + 1), NumberStyles.None, CultureInfo.InvariantCulture);
                for (int character = Hex(line.AsSpan(0, dots)); character <= last; character++)
                {
                    classes[character] = mark;
                }

                return;
            }

            string[] parts = line[(sign + 1)..].Split(' ');
            int composed = Hex(line.AsSpan(0, sign)), second = parts.Length > 1 ? Hex(parts[1]) : 0;
            Decompositions[composed] = (Hex(parts[0]), second);
            if (line[sign] == '=')
            {
                Compositions[(Hex(parts[0]), second)] = composed;
            }
        }

        private static int Hex(ReadOnlySpan<char> text) =>
            int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
