using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Training;
using Camelid.Protocol;
using Microsoft.ML.OnnxRuntime;

namespace Camelid.ModelRuntime.Verification;

/// <summary>
/// A fixed battery of sequences whose logits are hashed: what a machine computes counts, not what it says it is. The
/// digest does not depend on how the sequences share calls, and that is checked at every start.
/// </summary>
internal sealed class NumericsProbe
{
    private const string Tag = "camelid/numerics";
    private const ulong Seed = 0x43616D656C6964;
    private static readonly int[] Lengths = [1, 2, 3, 17, 64, 65, 255, 2048];
    private readonly List<uint[]> sequences = [];

    internal NumericsProbe(ModelManifest manifest)
    {
        SplitMix64 random = new(Seed);
        int longest = Math.Min(Lengths[^1], manifest.ContextTokensMax - 1);
        foreach (int length in Lengths.Select(length => Math.Min(length, longest)))
        {
            uint[] sequence = new uint[length];
            for (int i = 0; i < length; i++)
            {
                sequence[i] = (uint)random.Below(manifest.VocabularySize);
            }

            sequences.Add(sequence);
        }
    }

    /// <summary>
    /// SHA-256 over the hashes of each sequence's last logits. With one slot every sequence is one call; with more,
    /// they run side by side, in chunks of many sizes, and end one token at a time.
    /// </summary>
    internal Hash256 Digest(SlotSession session)
    {
        byte[][] hashes = new byte[sequences.Count][];
        for (int first = 0; first < sequences.Count; first += session.Slots)
        {
            RunTogether(session, first, hashes);
        }

        return Hashes.Sha256(hashes.SelectMany(hash => hash).ToArray());
    }

    /// <summary>H(runtime, provider, instruction set, graph, precision, options, probe digest).</summary>
    internal static Hash256 NumericsClass(ModelPackage package, Hash256 digest)
    {
        PackageFile graph = package.Manifest.Files.Single(file => file.Path == ModelPackage.GraphFile);
        CanonicalWriter writer = new();
        writer.Text($"onnxruntime {OrtEnv.Instance().GetVersionString()}").Text("cpu").Text(InstructionSet())
            .Hash(graph.ToModelFile().Root).Text(package.Manifest.Precision).Text(SlotSession.Options).Hash(digest);
        return Hashes.Tagged(Tag, writer.Written);
    }

    private void RunTogether(SlotSession session, int first, byte[][] hashes)
    {
        int count = Math.Min(session.Slots, sequences.Count - first);
        int[] past = new int[count];
        bool single = session.Slots == 1;
        while (Enumerable.Range(0, count).Any(i => past[i] < sequences[first + i].Length))
        {
            SlotWork[] work = new SlotWork[session.Slots];
            for (int i = 0; i < count; i++)
            {
                uint[] sequence = sequences[first + i];
                int left = sequence.Length - past[i];
                int chunk = single ? left : left > 8 ? Math.Min(left - 4, 40 + 7 * i) : Math.Min(left, 1);
                int from = chunk > 0 && chunk == left ? chunk - 1 : chunk;
                work[i] = new SlotWork(past[i], sequence.AsMemory(past[i], chunk), from);
            }

            session.Run(work);
            int row = 0;
            for (int i = 0; i < count; i++)
            {
                past[i] += work[i].Tokens.Length;
                if (work[i].LogitsFrom < work[i].Tokens.Length)
                {
                    hashes[first + i] = SHA256.HashData(MemoryMarshal.AsBytes(session.Logits(row++)));
                }
            }
        }
    }

    private static string InstructionSet() => RuntimeInformation.ProcessArchitecture + (
        Avx512BW.IsSupported ? "/avx512" : Avx2.IsSupported ? "/avx2" : "");
}
