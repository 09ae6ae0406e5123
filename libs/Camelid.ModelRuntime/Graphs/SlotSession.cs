using System.Runtime.InteropServices;
using Camelid.ModelRuntime.Packages;
using Microsoft.ML.OnnxRuntime;

namespace Camelid.ModelRuntime.Graphs;

/// <summary>
/// A slot graph in ONNX Runtime. Caches come with each call; a call of a shape and caches that were seen before takes
/// no managed memory. One caller at a time.
/// </summary>
internal sealed unsafe class SlotSession : IDisposable
{
    private const int AlignmentBytes = 64, LogitsBytesMax = 64 << 20, BindingsMax = 32;

    /// <summary>What was set on every session; part of the numerics class.</summary>
    internal const string Options = "sequential;inter=1;opt=all;flash=0;rows>=2";

    private readonly LoadedGraph graph;
    private readonly ModelArchitecture model;
    private readonly RunOptions runOptions = new();
    private readonly Dictionary<(int Tokens, int Rows), SlotBinding> bindings = [];
    private readonly List<nint> allocations = [];
    private readonly SlotBuffers buffers;
    private readonly KeyValueCache idle;
    private readonly KeyValueCache[] caches;
    private nint logits;
    private int logitRows;
    private long calls;

    /// <summary>Takes a share of a loaded graph.</summary>
    internal SlotSession(LoadedGraph graph)
    {
        (this.graph, model) = (graph.Share(), graph.Weights.Architecture);
        buffers = new SlotBuffers
        {
            Ids = (long*)Allocate(TokensMax * sizeof(long)),
            Rows = (long*)Allocate(TokensMax * sizeof(long)),
            Padded = (long*)Allocate((TokensMax + Slots) * sizeof(long)),
            Kept = (long*)Allocate(TokensMax * sizeof(long)),
            Lengths = (int*)Allocate(Slots * sizeof(int)),
            Totals = (int*)Allocate(Slots * sizeof(int)),
            Splits = (long*)Allocate(Slots * sizeof(long)),
        };
        idle = CreateCache(1);
        caches = new KeyValueCache[Slots];
    }

    /// <summary>Slots of the graph.</summary>
    internal int Slots => graph.Slots;

    /// <summary>Most tokens of all slots in one call.</summary>
    internal const int TokensMax = 2048;

    /// <summary>True where a call of one token has two rows anyway.</summary>
    internal bool SecondTokenIsFree => Slots == 1 && graph.OneToken is null;

    /// <summary>Most rows of logits in one call, as memory for them allows.</summary>
    internal int RowsMax => Math.Clamp(LogitsBytesMax / (model.VocabularySize * sizeof(float)), 2, TokensMax);

    /// <summary>A cache for a sequence of so many tokens, where this session's graph computes.</summary>
    internal KeyValueCache CreateCache(int tokensMax) =>
        new(model, graph.Weights.ElementType, tokensMax, graph.Device?.Allocator);

    /// <summary>
    /// Rule S-20: runs one call. Attention of one row has other bits, so that a call of a single token gets a second,
    /// whose keys the next call overwrites; and one row of logits gets a second. Where this machine was seen to give
    /// single rows of matrix products the same bits, a single token runs in a graph that pads attention only.
    /// </summary>
    /// <param name="work">What each slot does, by slot.</param>
    /// <returns>How many rows of logits there are, ordered by slot, then token.</returns>
    internal int Run(ReadOnlySpan<SlotWork> work)
    {
        int tokens = 0;
        int wanted = 0;
        for (int slot = 0; slot < Slots; slot++)
        {
            (tokens, wanted) = Take(slot, work[slot], tokens, wanted);
        }

        if (tokens == 0)
        {
            return 0;
        }

        InferenceSession? oneToken = tokens == 1 ? graph.OneToken : null;
        if (oneToken is null && tokens < graph.TokensMin)
        {
            buffers.Splits[IndexOfBusy()]++;
            buffers.Ids[tokens++] = 0;
        }

        int rows = wanted;
        while (rows < graph.LogitRowsMin)
        {
            buffers.Rows[rows++] = 0;
        }

        if (Slots > 1 || oneToken is not null)
        {
            Pad();
        }

        for (int slot = 0; slot < Slots; slot++)
        {
            buffers.Totals[slot] = work[slot].Past + (int)buffers.Splits[slot];
            buffers.Lengths[slot] = buffers.Totals[slot] - 1;
        }

        InferenceSession session = oneToken ?? graph.Session;
        SlotBinding binding = Binding(session, tokens, rows);
        binding.Bind(caches);
        session.RunWithBinding(runOptions, binding.Native);
        return wanted;
    }

    /// <summary>The logits [vocabulary] of one row of the last call.</summary>
    internal ReadOnlySpan<float> Logits(int row) =>
        new((float*)logits + (long)row * model.VocabularySize, model.VocabularySize);

    public void Dispose()
    {
        ClearBindings();
        idle.Dispose();
        runOptions.Dispose();
        NativeMemory.AlignedFree((void*)logits);
        logits = 0;
        foreach (nint allocation in allocations)
        {
            NativeMemory.AlignedFree((void*)allocation);
        }

        allocations.Clear();
        graph.Dispose();
    }

    private (int Tokens, int Wanted) Take(int slot, SlotWork item, int tokens, int wanted)
    {
        int count = item.Tokens.Length;
        caches[slot] = item.Cache ?? idle;
        if (item.Past < 0 || item.Past + count > (item.Cache?.TokensMax ?? 0) || tokens + count > TokensMax)
        {
            throw new ArgumentException(
                $"a slot holds {item.Cache?.TokensMax ?? 0} tokens, not {item.Past} + {count}, and a call takes "
                + $"{TokensMax}", nameof(item));
        }

        ReadOnlySpan<uint> ids = item.Tokens.Span;
        for (int i = 0; i < count; i++)
        {
            if (i >= item.LogitsFrom)
            {
                buffers.Rows[wanted++] = tokens;
            }

            buffers.Ids[tokens++] = ids[i];
        }

        buffers.Splits[slot] = count;
        return (tokens, wanted);
    }

    /// <summary>
    /// Gives each slot one more row of attention: any token's, since nobody looks at what comes of it, and its keys are
    /// overwritten by the next call.
    /// </summary>
    private void Pad()
    {
        int token = 0;
        int row = 0;
        for (int slot = 0; slot < Slots; slot++)
        {
            for (long i = 0; i < buffers.Splits[slot]; i++)
            {
                buffers.Kept[token] = row;
                buffers.Padded[row++] = token++;
            }

            buffers.Padded[row++] = 0;
            buffers.Splits[slot]++;
        }
    }

    private SlotBinding Binding(InferenceSession session, int tokens, int rows)
    {
        if (rows > logitRows)
        {
            ClearBindings();
            NativeMemory.AlignedFree((void*)logits);
            logitRows = Math.Max(rows, 2 * Slots);
            logits = (nint)NativeMemory.AlignedAlloc(
                (nuint)logitRows * (nuint)model.VocabularySize * sizeof(float), AlignmentBytes);
        }

        calls++;
        if (!bindings.TryGetValue((tokens, rows), out SlotBinding? binding))
        {
            if (bindings.Count == BindingsMax)
            {
                ((int, int) oldest, SlotBinding least) = bindings.MinBy(item => item.Value.LastCall);
                least.Dispose();
                bindings.Remove(oldest);
            }

            SlotShape shape = new(Slots, tokens, rows, graph.Weights.Provider)
            {
                IsPadded = Slots > 1 || session == graph.OneToken,
            };
            bindings[(tokens, rows)] = binding = new SlotBinding(session, model, shape, buffers, logits);
        }

        binding.LastCall = calls;
        return binding;
    }

    private void ClearBindings()
    {
        foreach (SlotBinding binding in bindings.Values)
        {
            binding.Dispose();
        }

        bindings.Clear();
    }

    private int IndexOfBusy()
    {
        int slot = 0;
        while (buffers.Splits[slot] == 0)
        {
            slot++;
        }

        return slot;
    }

    private nint Allocate(int bytes)
    {
        nint data = (nint)NativeMemory.AlignedAlloc((nuint)bytes, AlignmentBytes);
        NativeMemory.Clear((void*)data, (nuint)bytes);
        allocations.Add(data);
        return data;
    }
}
