using System.Globalization;
using System.Text;
using System.Text.Json;
using Camelid.Protocol;

namespace Camelid.ModelRuntime.Importing;

/// <summary>
/// What an interrupted import leaves for the next one: a line that names source and precision, then a line for each
/// finished weight. The hash of a weight is checked before it is believed, so no line needs to reach the disk in time.
/// </summary>
internal sealed class ImportState
{
    private const string FileName = "import.state";

    /// <summary>Changes with every change of the code that makes other bytes from equal sources.</summary>
    private const string Recipe = "camelid-import/1";

    private const int FileBytesMax = 4 << 20, FieldsOfLine = 3;

    private readonly string path;
    private readonly string fingerprint;

    private ImportState(string path, string fingerprint) => (this.path, this.fingerprint) = (path, fingerprint);

    /// <summary>The state of an import in a folder.</summary>
    /// <param name="folder">The folder of the unfinished package.</param>
    /// <param name="source">What is imported.</param>
    /// <param name="precision">Into what.</param>
    internal static ImportState Of(string folder, IModelSourceReader source, string precision)
    {
        StringBuilder text = new(Recipe);
        text.Append('\n').Append(precision).Append('\n').Append(JsonSerializer.Serialize(source.Model.Architecture));
        foreach (string file in source.Files)
        {
            FileInfo info = new(file);
            FileSystemInfo target = info.ResolveLinkTarget(returnFinalTarget: true) ?? info;
            text.Append(CultureInfo.InvariantCulture,
                $"\n{target.FullName}\n{((FileInfo)target).Length}\n{target.LastWriteTimeUtc.Ticks}");
        }

        string hash = Hashes.Sha256(Encoding.UTF8.GetBytes(text.ToString())).ToString();
        return new ImportState(Path.Combine(folder, FileName), hash);
    }

    /// <summary>True where the folder was left by an import of the same source into the same precision.</summary>
    internal bool IsOfSameImport() => Lines() is [string first, ..] && first == fingerprint;

    /// <summary>The finished weights, in order, as far as the file can be read.</summary>
    internal IReadOnlyList<FinishedWeight> Read()
    {
        List<FinishedWeight> finished = [];
        foreach (string line in Lines().Skip(1))
        {
            string[] fields = line.Split(' ');
            if (fields.Length != FieldsOfLine
                || !long.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out long end)
                || !Hash256.TryParse(fields[2], out Hash256 hash))
            {
                break;
            }

            finished.Add(new FinishedWeight(fields[0], end, hash));
        }

        return finished;
    }

    /// <summary>Writes the file anew, with some finished weights.</summary>
    internal void Begin(IEnumerable<FinishedWeight> finished) =>
        File.WriteAllLines(path, finished.Select(weight => weight.ToLine()).Prepend(fingerprint));

    /// <summary>Notes a finished weight.</summary>
    internal void Append(FinishedWeight weight) => File.AppendAllLines(path, [weight.ToLine()]);

    /// <summary>Removes the file: the package is whole.</summary>
    internal void Remove() => File.Delete(path);

    private string[] Lines() =>
        File.Exists(path) && new FileInfo(path).Length <= FileBytesMax ? File.ReadAllLines(path) : [];
}

/// <summary>A weight that lies in the file.</summary>
/// <param name="Name">Its name in the catalogue.</param>
/// <param name="End">Byte behind it.</param>
/// <param name="Hash">SHA-256 of its bytes, the padding before it included.</param>
internal readonly record struct FinishedWeight(string Name, long End, Hash256 Hash)
{
    /// <summary>The line of the state file.</summary>
    internal string ToLine() => string.Create(CultureInfo.InvariantCulture, $"{Name} {End} {Hash}");
}
