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
/// Rule S-22: a fixed battery of sequences whose logits are hashed: what a machine computes counts, not what it says
/// it is. The digest does not depend on how the sequences share calls, and that is checked at every start.
/// </summary>
internal sealed class NumericsProbe
{
    private const string Tag = "camelid/numerics";
    private const ulong Seed = 0x43616D656C6964;
    private const int WholeTokensMax = 512, LongestMin = 65, ShortLengths = 4;
    private const long WeightTokensMax = 50_000_000_000;
    private static readonly int[] Lengths = [1, 2, 3, 17, 64, 65, 255, 2048];
    private readonly List<uint[]> sequences = [];

    internal NumericsProbe(ModelManifest manifest)
    {
        SplitMix64 random = new(Seed);
        // A large model's battery is shorter: every start computes it twice.
        long affordable = Math.Max(LongestMin, WeightTokensMax / ParameterCount(manifest));
        int longest = (int)Math.Min(Math.Min(Lengths[^1], affordable), Math.Max(1, manifest.ContextTokensMax - 1));
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
    /// Runs the battery through both graphs, the second side by side in chunks, and compares; and sees whether the
    /// logits of one row alone have the same bits as beside others.
    /// </summary>
    /// <returns>SHA-256 over the hashes of each sequence's last logits.</returns>
    /// <exception cref="InvalidOperationException">What a sequence gives depends on what stands beside it.</exception>
    internal static Hash256 Check(ModelManifest manifest, LoadedGraph single, LoadedGraph? several)
    {
        NumericsProbe probe = new(manifest);
        byte[][] whole = probe.Measure(single, apart: false, Lengths.Length);
        single.AllowSingleRows(true);
        if (!Equal(probe.Measure(single, apart: true, ShortLengths), whole))
        {
            single.AllowSingleRows(false);
        }

        int mixed = several is null ? ShortLengths : Lengths.Length;
        if (!Equal(probe.Measure(several ?? single, apart: true, mixed), whole))
        {
            throw new InvalidOperationException(
                "this machine's results depend on what is computed beside them, so no verifier could repeat them; "
                + "report the processor and the version of ONNX Runtime to the Camelid project");
        }

        return Hashes.Sha256(whole.SelectMany(hash => hash).ToArray());
    }

    /// <summary>Rule S-21: H(runtime, provider, instruction set, graph, precision, options, probe digest).</summary>
    internal static Hash256 NumericsClass(ModelWeights weights, Hash256 digest)
    {
        CanonicalWriter writer = new();
        writer.Text($"onnxruntime {OrtEnv.Instance().GetVersionString()}")
            .Text(weights.Provider == ExecutionProvider.Cpu ? "cpu" : "cuda").Text(InstructionSet())
            .Hash(Hashes.Sha256(weights.BuildGraph(slots: 1))).Text(weights.Package.Manifest.Precision)
            .Text(SlotSession.Options).Hash(digest);
        return Hashes.Tagged(Tag, writer.Written);
    }

    private static bool Equal(byte[][] some, byte[][] all) =>
        some.Zip(all).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second));

    /// <summary>
    /// Hashes of the last logits of the first sequences: each in as few calls as possible, or, where
    /// <paramref name="apart"/>, in chunks of many sizes, ending one token at a time.
    /// </summary>
    private byte[][] Measure(LoadedGraph graph, bool apart, int count)
    {
        using SlotSession session = new(graph);
        byte[][] hashes = new byte[count][];
        for (int first = 0; first < count; first += session.Slots)
        {
            RunTogether(session, apart, first, hashes);
        }

        return hashes;
    }

    private void RunTogether(SlotSession session, bool apart, int first, byte[][] hashes)
    {
        int count = Math.Min(session.Slots, hashes.Length - first);
        KeyValueCache[] caches =
            [.. Enumerable.Range(first, count).Select(i => session.CreateCache(sequences[i].Length))];
        try
        {
            int[] past = new int[count];
            while (Enumerable.Range(0, count).Any(i => past[i] < sequences[first + i].Length))
            {
                SlotWork[] work = new SlotWork[session.Slots];
                for (int i = 0; i < count; i++)
                {
                    work[i] = Next(caches[i], past[i], sequences[first + i], apart ? i : null);
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
        finally
        {
            foreach (KeyValueCache cache in caches)
            {
                cache.Dispose();
            }
        }
    }

    /// <summary>The next tokens of a sequence, of which the very last wants logits.</summary>
    private static SlotWork Next(KeyValueCache cache, int past, uint[] sequence, int? slot)
    {
        int left = sequence.Length - past;
        int chunk = Chunk(left, slot);
        int from = chunk > 0 && chunk == left ? chunk - 1 : chunk;
        return new SlotWork(cache, past, sequence.AsMemory(past, chunk), from);
    }

    private static int Chunk(int left, int? slot) => slot switch
    {
        null => Math.Min(left, WholeTokensMax),
        { } place when left > 8 => Math.Min(left - 4, 40 + 7 * place),
        _ => Math.Min(left, 1),
    };

    private static long ParameterCount(ModelManifest manifest) =>
        WeightCatalog.Of(manifest.Architecture, manifest.Precision).Sum(weight => weight.Rows * weight.Columns);

    private static string InstructionSet() => RuntimeInformation.ProcessArchitecture + (
        Avx512BW.IsSupported ? "/avx512" : Avx2.IsSupported ? "/avx2" : "");
}
