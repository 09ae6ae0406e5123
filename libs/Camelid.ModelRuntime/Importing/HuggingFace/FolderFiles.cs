using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;

namespace Camelid.ModelRuntime.Importing.HuggingFace;

/// <summary>What stands beside the weights: tokenizer, generation settings, licence.</summary>
internal static partial class FolderFiles
{
    private const string Generation = "generation_config.json", ReadMe = "README.md";
    private const int ReadMeBytesMax = 1 << 16, EndTokensMax = ModelManifest.EndTokensMax;

    private static readonly string[] TokenizerFiles =
    [
        TokenizerFacts.Vocabulary, TokenizerFacts.Configuration, "special_tokens_map.json", "chat_template.jinja",
    ];

    private static readonly Dictionary<string, string> SpdxByName = new(StringComparer.OrdinalIgnoreCase)
    {
        ["mit"] = "MIT", ["apache-2.0"] = "Apache-2.0", ["bsd-3-clause"] = "BSD-3-Clause", ["cc-by-4.0"] = "CC-BY-4.0",
        ["cc-by-sa-4.0"] = "CC-BY-SA-4.0", ["cc-by-nc-4.0"] = "CC-BY-NC-4.0", ["cc0-1.0"] = "CC0-1.0",
    };

    /// <summary>Reads what the folder says beside its weights.</summary>
    /// <exception cref="ModelImportException">The tokenizer is missing, damaged or of another model.</exception>
    internal static ImportedModel Read(string folder, ConfigFile config)
    {
        Dictionary<string, byte[]> files = ReadTokenizerFiles(folder);
        ImportedTokenizer tokenizer = TokenizerFacts.Of(files, config.Architecture.VocabularySize);
        return new ImportedModel
        {
            Architecture = config.Architecture,
            Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))),
            Licence = LicenceOf(folder),
            EndTokens = EndTokens(folder, tokenizer, config.Architecture.VocabularySize),
            BeginToken = tokenizer.BeginToken,
            SpecialTokens = tokenizer.SpecialTokens,
            Chat = tokenizer.Chat,
            DefaultPrecision = Precision.Single,
            Notes = config.Notes,
            TokenizerFiles = files,
        };
    }

    /// <summary>The tokenizer files of a folder.</summary>
    /// <exception cref="ModelImportException">One is damaged or too long.</exception>
    internal static Dictionary<string, byte[]> ReadTokenizerFiles(string folder)
    {
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
        foreach (string name in TokenizerFiles.Where(name => Path.Exists(Path.Combine(folder, name))))
        {
            int bytesMax = name == TokenizerFacts.Vocabulary
                ? TokenizerFacts.VocabularyBytesMax : TokenizerFacts.FileBytesMax;
            files.Add(name, SourceFile.ReadAll(Path.Combine(folder, name), bytesMax));
        }

        return files;
    }

    private static uint[] EndTokens(string folder, ImportedTokenizer tokenizer, int vocabularySize)
    {
        SortedSet<uint> ends = [.. tokenizer.EndTokens];
        foreach (string name in new[] { Generation, ConfigFile.FileName })
        {
            if (Path.Exists(Path.Combine(folder, name)))
            {
                Add(JsonFields.Read(Path.Combine(folder, name), TokenizerFacts.FileBytesMax), vocabularySize, ends);
            }
        }

        return ends.Count is > 0 and <= EndTokensMax ? [.. ends] : throw new ModelImportException(
            $"{ConfigFile.FileName}, {Generation} and {TokenizerFacts.Configuration} name {ends.Count} end tokens "
            + $"together, 1 to {EndTokensMax} are needed; correct eos_token_id");
    }

    private static void Add(JsonFields file, int vocabularySize, SortedSet<uint> ends)
    {
        const string name = "eos_token_id";
        JsonElement[] values = file.Find(name) switch
        {
            null => [],
            { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Take(EndTokensMax + 1)],
            { } one => [one],
        };
        foreach (JsonElement value in values)
        {
            if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out int id) || id < 0
                || id >= vocabularySize)
            {
                throw file.Wrong(name, $"a token below {vocabularySize}, or a list of such");
            }

            ends.Add((uint)id);
        }
    }

    /// <summary>The licence in the head of the model's page; <c>unknown</c> where it says none.</summary>
    private static string LicenceOf(string folder)
    {
        string path = Path.Combine(folder, ReadMe);
        if (!File.Exists(path) || new FileInfo(path).Length == 0)
        {
            return "unknown";
        }

        using SourceFile file = SourceFile.Open(path);
        byte[] start = new byte[Math.Min(ReadMeBytesMax, file.Bytes)];
        file.Read(0, start, "its head");
        string[] lines = Encoding.UTF8.GetString(start).Split('\n', StringSplitOptions.TrimEntries);
        Match? licence = lines[0] != "---" ? null : lines.Skip(1).TakeWhile(line => line != "---")
            .Select(line => Licence().Match(line)).FirstOrDefault(match => match.Success);
        string name = licence?.Groups["name"].Value ?? "unknown";
        return SpdxByName.GetValueOrDefault(name, name);
    }

    [GeneratedRegex(
        @"^licen[sc]e:[ \t]*[""']?(?<name>[A-Za-z0-9][A-Za-z0-9.+-]{0,63})[""']?$", RegexOptions.CultureInvariant)]
    private static partial Regex Licence();
}
