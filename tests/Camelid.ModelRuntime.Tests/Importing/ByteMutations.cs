using System.Globalization;
using System.Text;
using Camelid.ModelRuntime.Training;

namespace Camelid.ModelRuntime.Tests.Importing;

/// <summary>Spoils the bytes of files by chance, from a seed.</summary>
internal static class ByteMutations
{
    /// <summary>Files cut at drawn places; a file cut short is always refused.</summary>
    internal static IEnumerable<Mutation> Cuts(string file, int count, ulong seed)
    {
        for (int i = 0; i < count; i++)
        {
            SplitMix64 random = new(seed + (ulong)i);
            string name = string.Create(CultureInfo.InvariantCulture, $"{file} cut, seed {seed + (ulong)i}");
            yield return new Mutation(
                name, path => Change(path, file, bytes => bytes[..(int)(random.Next() % (ulong)bytes.Length)]), file);
        }
    }

    /// <summary>Some bytes changed near the beginning of a file, where its structure is.</summary>
    internal static IEnumerable<Mutation> Flips(string file, int within, int count, ulong seed)
    {
        for (int i = 0; i < count; i++)
        {
            SplitMix64 random = new(seed + (ulong)i);
            string name = string.Create(CultureInfo.InvariantCulture, $"{file} flipped, seed {seed + (ulong)i}");
            yield return new Mutation(
                name,
                path => Change(path, file, bytes =>
                {
                    for (int flips = 1 + (int)(random.Next() % 4); flips > 0; flips--)
                    {
                        int at = random.Below(Math.Min(within, bytes.Length));
                        bytes[at] ^= (byte)(1 + random.Below(255));
                    }

                    return bytes;
                }),
                MayPass: true);
        }
    }

    /// <summary>A file's text with one part replaced.</summary>
    internal static Mutation Replace(string file, string old, string changed, string? name = null) => new(
        name ?? $"{file}: {old} → {changed}",
        path => Change(path, file, bytes =>
        {
            string text = Encoding.Latin1.GetString(bytes);
            Assert.Contains(old, text, StringComparison.Ordinal);
            int at = text.IndexOf(old, StringComparison.Ordinal);
            return Encoding.Latin1.GetBytes(text[..at] + changed + text[(at + old.Length)..]);
        }),
        file);

    /// <summary>A file of a folder, or the file itself where the model is one.</summary>
    internal static string PathOf(string model, string file) =>
        Directory.Exists(model) ? Path.Combine(model, file) : model;

    /// <summary>Changes the bytes of a file.</summary>
    internal static void Change(string model, string file, Func<byte[], byte[]> change) =>
        File.WriteAllBytes(PathOf(model, file), change(File.ReadAllBytes(PathOf(model, file))));
}
