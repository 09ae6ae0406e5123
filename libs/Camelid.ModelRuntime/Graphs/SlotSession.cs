using System.Runtime.InteropServices;
using Camelid.ModelRuntime.Packages;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Camelid.ModelRuntime.Graphs;

/// <summary>What one slot does in one call: nothing where it has no tokens.</summary>
/// <param name="Past">Tokens that the slot already holds.</param>
/// <param name="Tokens">New tokens.</param>
/// <param name="LogitsFrom">Index in <paramref name="Tokens"/> from which on logits are wanted; its length for
/// none.</param>
internal readonly record struct SlotWork(int Past, ReadOnlyMemory<uint> Tokens, int LogitsFrom);

/// <summary>A slot graph in ONNX Runtime with the keys and values of its slots. One caller at a time.</summary>
internal sealed unsafe class SlotSession : IDisposable
{
    private const int AlignmentBytes = 64;

    /// <summary>What was set on every session; part of the numerics class.</summary>
    internal const string Options = "sequential;inter=1;opt=all;spin=0;flash=0;slots>=2rows";

    private readonly ModelArchitecture model;
    private readonly InferenceSession session;
    private readonly OrtIoBinding binding;
    private readonly RunOptions runOptions = new();
    private readonly OrtMemoryInfo memory = OrtMemoryInfo.DefaultInstance;
    private readonly List<IDisposable> owned = [];
    private readonly List<nint> allocations = [];
    private readonly int* lengths;
    private readonly int* totals;
    private readonly long* splits;
    private long[] ids = [];
    private long[] rows = [];
    private float[] logits = [];

    /// <summary>Builds and loads the graph of a package.</summary>
    /// <exception cref="InvalidOperationException">The environment would make results depend on caches.</exception>
    internal SlotSession(ModelPackage package, int slots, int threads)
    {
        NativeEnvironment.Require();
        model = package.Manifest.Architecture;
        Slots = slots;
        byte[] graph = SlotGraph.Build(model, PackageWeights.Read(package), slots);
        using SessionOptions options = new()
        {
            IntraOpNumThreads = threads, InterOpNumThreads = 1, ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        options.AddSessionConfigEntry(
            "session.model_external_initializers_file_folder_path", Path.GetFullPath(package.Folder));
        session = Open(package, graph, options);
        binding = session.CreateIoBinding();
        lengths = (int*)Allocate(slots * sizeof(int));
        totals = (int*)Allocate(slots * sizeof(int));
        splits = (long*)Allocate(slots * sizeof(long));
        BindSlots();
    }

    /// <summary>Slots of the graph.</summary>
    internal int Slots { get; }

    /// <summary>Most tokens that one call may give to all slots together, as memory for their logits allows.</summary>
    internal int RowsMax => Math.Max(2, (64 << 20) / (model.VocabularySize * sizeof(float)));

    /// <summary>
    /// Runs one call. A call of a single token gets a second, whose keys the next call overwrites, and one row of
    /// logits gets a second: no matrix product has a single row, because nothing promises that this path has the same
    /// bits.
    /// </summary>
    /// <param name="work">What each slot does, by slot.</param>
    /// <returns>How many rows of logits there are, ordered by slot, then token.</returns>
    internal int Run(ReadOnlySpan<SlotWork> work)
    {
        List<long> allIds = [];
        List<long> wanted = [];
        for (int slot = 0; slot < Slots; slot++)
        {
            SlotWork item = work[slot];
            CheckRoom(item);
            for (int i = 0; i < item.Tokens.Length; i++)
            {
                if (i >= item.LogitsFrom)
                {
                    wanted.Add(allIds.Count);
                }

                allIds.Add(item.Tokens.Span[i]);
            }

            splits[slot] = item.Tokens.Length;
        }

        if (allIds.Count == 0)
        {
            return 0;
        }

        int count = wanted.Count;
        if (allIds.Count == 1)
        {
            splits[IndexOfBusy(work)]++;
            allIds.Add(0);
        }

        while (wanted.Count < 2)
        {
            wanted.Add(0);
        }

        for (int slot = 0; slot < Slots; slot++)
        {
            totals[slot] = work[slot].Past + (int)splits[slot] + 1;
            lengths[slot] = totals[slot] - 1;
        }

        Execute(allIds, wanted);
        return count;
    }

    /// <summary>The logits [vocabulary] of one row of the last call.</summary>
    internal ReadOnlySpan<float> Logits(int row) => logits.AsSpan(row * model.VocabularySize, model.VocabularySize);

    public void Dispose()
    {
        binding.Dispose();
        owned.ForEach(item => item.Dispose());
        session.Dispose();
        runOptions.Dispose();
        foreach (nint allocation in allocations)
        {
            NativeMemory.AlignedFree((void*)allocation);
        }

        allocations.Clear();
    }

    private static InferenceSession Open(ModelPackage package, byte[] graph, SessionOptions options)
    {
        try
        {
            return new InferenceSession(graph, options);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelPackageException(
                $"ONNX Runtime cannot load model {package.Name} from {package.Folder}: its weights do not fit its "
                + $"architecture; fetch the model again ({e.Message})", e);
        }
    }

    private void Execute(List<long> allIds, List<long> wanted)
    {
        Grow(ref ids, allIds.Count);
        Grow(ref rows, wanted.Count);
        Grow(ref logits, wanted.Count * model.VocabularySize);
        allIds.CopyTo(ids);
        wanted.CopyTo(rows);
        using OrtValue idsValue = OrtValue.CreateTensorValueFromMemory(
            memory, ids.AsMemory(0, allIds.Count), [1, allIds.Count]);
        using OrtValue rowsValue = OrtValue.CreateTensorValueFromMemory(
            memory, rows.AsMemory(0, wanted.Count), [wanted.Count]);
        using OrtValue logitsValue = OrtValue.CreateTensorValueFromMemory(
            memory, logits.AsMemory(0, wanted.Count * model.VocabularySize), [wanted.Count, model.VocabularySize]);
        binding.BindInput("input_ids", idsValue);
        binding.BindInput("rows", rowsValue);
        binding.BindOutput("logits", logitsValue);
        session.RunWithBinding(runOptions, binding);
    }

    private void BindSlots()
    {
        Bind("split", TensorElementType.Int64, [Slots], (nint)splits, Slots * sizeof(long));
        long capacity = model.ContextTokensMax + SlotGraph.PadPositions;
        long bytes = model.KeyValueHeads * capacity * model.HeadSize * sizeof(float);
        for (int slot = 0; slot < Slots; slot++)
        {
            Bind($"seqlens_k.{slot}", TensorElementType.Int32, [1], (nint)(lengths + slot), sizeof(int));
            Bind($"total_sequence_length.{slot}", TensorElementType.Int32, [], (nint)(totals + slot), sizeof(int));
            for (int i = 0; i < 2 * model.Layers; i++)
            {
                long[] shape = [1, model.KeyValueHeads, capacity, model.HeadSize];
                OrtValue cache = Value(TensorElementType.Float, shape, Allocate(bytes), bytes);
                binding.BindInput(SlotGraph.Past(i / 2, slot, i % 2 == 1), cache);
                binding.BindOutput(SlotGraph.Present(i / 2, slot, i % 2 == 1), cache);
            }
        }
    }

    private void Bind(string name, TensorElementType type, long[] shape, nint data, long bytes) =>
        binding.BindInput(name, Value(type, shape, data, bytes));

    private OrtValue Value(TensorElementType type, long[] shape, nint data, long bytes)
    {
        OrtValue value = OrtValue.CreateTensorValueWithData(memory, type, shape, data, bytes);
        owned.Add(value);
        return value;
    }

    private nint Allocate(long bytes)
    {
        void* data = NativeMemory.AlignedAlloc((nuint)bytes, AlignmentBytes);
        NativeMemory.Clear(data, (nuint)bytes);
        allocations.Add((nint)data);
        return (nint)data;
    }

    private void CheckRoom(SlotWork item)
    {
        if (item.Past < 0 || item.Past + item.Tokens.Length > model.ContextTokensMax)
        {
            throw new ArgumentException(
                $"a slot holds {model.ContextTokensMax} tokens, not {item.Past} + {item.Tokens.Length}", nameof(item));
        }
    }

    private static int IndexOfBusy(ReadOnlySpan<SlotWork> work)
    {
        int slot = 0;
        while (work[slot].Tokens.Length == 0)
        {
            slot++;
        }

        return slot;
    }

    private static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length)
        {
            array = new T[length * 2];
        }
    }
}
