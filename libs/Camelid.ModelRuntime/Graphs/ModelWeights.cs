using System.IO.MemoryMappedFiles;
using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Camelid.ModelRuntime.Graphs;

/// <summary>
/// The weights of a package in memory, once for all sessions: the file is mapped, and what ONNX Runtime packs from it
/// for its matrix kernels is shared too. On a GPU each session reads the file itself.
/// </summary>
internal sealed unsafe class ModelWeights : IDisposable
{
    private readonly Dictionary<string, ExternalTensor> tensors;
    private readonly Dictionary<string, MappedFile> files = new(StringComparer.Ordinal);
    private readonly List<(string Name, OrtValue Value)> values = [];
    private readonly PrePackedWeightsContainer packed = new();
    private int holders = 1;

    /// <summary>Maps the weights.</summary>
    /// <exception cref="ModelPackageException">A weight is missing or of another shape.</exception>
    internal ModelWeights(ModelPackage package, ExecutionProvider provider)
    {
        NativeEnvironment.Require();
        (Package, Provider) = (package, provider);
        tensors = PackageWeights.Read(package);
        if (provider == ExecutionProvider.Cpu)
        {
            foreach (ExternalTensor tensor in tensors.Values)
            {
                values.Add((tensor.Name, Map(tensor)));
            }
        }
    }

    /// <summary>The package.</summary>
    internal ModelPackage Package { get; }

    /// <summary>What computes with them.</summary>
    internal ExecutionProvider Provider { get; }

    /// <summary>The shapes.</summary>
    internal ModelArchitecture Architecture => Package.Manifest.Architecture;

    /// <summary>ONNX element type of activations, keys and values.</summary>
    internal int ElementType => SlotGraph.ElementTypeOf(Package.Manifest.Precision);

    /// <summary>Bytes of all weights in the file.</summary>
    internal long Bytes => tensors.Values.Sum(tensor => tensor.Length);

    /// <summary>The graph for a number of slots.</summary>
    internal byte[] BuildGraph(int slots) =>
        SlotGraph.Build(Architecture, Package.Manifest.Precision, tensors, slots);

    /// <summary>One more session uses the weights; each calls <see cref="Dispose"/> once.</summary>
    internal ModelWeights Share()
    {
        Interlocked.Increment(ref holders);
        return this;
    }

    /// <summary>Loads a graph over the weights.</summary>
    /// <exception cref="ModelPackageException">ONNX Runtime refuses the graph.</exception>
    internal InferenceSession Open(byte[] graph, SessionOptions options)
    {
        try
        {
            options.AddSessionConfigEntry(
                "session.model_external_initializers_file_folder_path", Path.GetFullPath(Package.Folder));
            if (Provider != ExecutionProvider.Cpu)
            {
                return new InferenceSession(graph, options);
            }

            foreach ((string name, OrtValue value) in values)
            {
                options.AddInitializer(name, value);
            }

            // The processor's kernels for float16 cannot share what they pack.
            return Package.Manifest.Precision == Precision.Half
                ? new InferenceSession(graph, options)
                : new InferenceSession(graph, options, packed);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelPackageException(
                $"ONNX Runtime cannot load model {Package.Name} from {Package.Folder}: its weights do not fit its "
                + $"architecture; fetch the model again ({e.Message})", e);
        }
    }

    /// <summary>
    /// Gives the file's pages back to the system: what the kernels use now is packed elsewhere, and the rest, above all
    /// the embedding, comes back from the file where it is read.
    /// </summary>
    internal void ReleasePages()
    {
        foreach (MappedFile file in files.Values)
        {
            NativeEnvironment.ReleasePages((nint)file.Data, file.Bytes);
        }
    }

    /// <summary>Gives up one holder's share; the last one frees the memory.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref holders) != 0)
        {
            return;
        }

        values.ForEach(item => item.Value.Dispose());
        packed.Dispose();
        foreach (MappedFile file in files.Values)
        {
            file.Dispose();
        }
    }

    private OrtValue Map(ExternalTensor tensor)
    {
        if (!files.TryGetValue(tensor.File, out MappedFile? file))
        {
            files[tensor.File] = file = new MappedFile(Package.PathOf(tensor.File));
        }

        TensorElementType type = tensor.ElementType switch
        {
            OnnxGraph.UInt8 => TensorElementType.UInt8,
            OnnxGraph.Float16 => TensorElementType.Float16,
            _ => TensorElementType.Float,
        };
        return OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, type, [.. tensor.Dimensions], (nint)(file.Data + tensor.Offset),
            tensor.Length);
    }

    private sealed class MappedFile : IDisposable
    {
        private readonly MemoryMappedFile file;
        private readonly MemoryMappedViewAccessor view;

        internal MappedFile(string path)
        {
            file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            byte* data = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref data);
            Data = data + view.PointerOffset;
            Bytes = new FileInfo(path).Length;
        }

        internal byte* Data { get; }

        internal long Bytes { get; }

        public void Dispose()
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
            file.Dispose();
        }
    }
}
