using Google.Protobuf;
using Onnx;

namespace Camelid.ModelRuntime.Importing.OnnxFolder;

/// <summary>The graph of a ready decoder: which node makes which value, and which values are weights.</summary>
internal sealed class OnnxDecoderGraph : IDisposable
{
    /// <summary>ONNX element type of bfloat16.</summary>
    internal const int BFloat16 = 16;

    private const int GraphBytesMax = 512 << 20, NodesMax = 1 << 18, CastsMax = 8;

    private readonly string folder;
    private readonly Dictionary<string, NodeProto> producers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TensorProto> initializers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SourceFile> files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OnnxData> data = new(StringComparer.Ordinal);

    private OnnxDecoderGraph(string folder, string name) => (this.folder, Name) = (folder, name);

    /// <summary>The graph's file name.</summary>
    internal string Name { get; }

    /// <summary>Full paths of the graph and of the files of weights that were used so far.</summary>
    internal IReadOnlyList<string> Files =>
        [Path.Combine(folder, Name), .. files.Values.Select(file => file.Path).Order(StringComparer.Ordinal)];

    /// <summary>Reads a graph; weights in other files are not touched yet.</summary>
    /// <exception cref="ModelImportException">It cannot be read or is no graph.</exception>
    internal static OnnxDecoderGraph Read(string folder, string name)
    {
        OnnxDecoderGraph graph = new(folder, name);
        GraphProto read = Parse(folder, name);
        if (read.Node.Count > NodesMax || read.Initializer.Count > NodesMax)
        {
            throw graph.Refusal($"has more than {NodesMax} nodes or initializers");
        }

        foreach (TensorProto tensor in read.Initializer)
        {
            if (!graph.initializers.TryAdd(tensor.Name, tensor))
            {
                throw graph.Refusal($"tensor {JsonFields.Printable(tensor.Name)} stands in the graph twice");
            }
        }

        foreach (NodeProto node in read.Node)
        {
            foreach (string output in node.Output.Where(output => output.Length > 0))
            {
                if (!graph.producers.TryAdd(output, node) || graph.initializers.ContainsKey(output))
                {
                    throw graph.Refusal($"value {JsonFields.Printable(output)} is made twice");
                }
            }
        }

        return graph;
    }

    /// <summary>An error about the graph.</summary>
    internal ModelImportException Refusal(string what) => new($"{Name}: {what}");

    /// <summary>An error about what makes a value, where something else was to make it.</summary>
    internal ModelImportException Unexpected(string value, string wanted)
    {
        NodeProto? node = Producer(value);
        string found = node is not null ? $"node {node.Name} ({node.OpType})"
            : initializers.ContainsKey(value) ? $"weight {value}" : $"input {value}";
        return Refusal($"{JsonFields.Printable(found)} stands where {wanted} was expected: this is not a Llama-like "
            + "decoder as ONNX Runtime GenAI's model builder writes it; import the model's Hugging Face form");
    }

    /// <summary>The value behind casts; number formats are chosen anew.</summary>
    internal string Resolve(string value)
    {
        for (int i = 0; i < CastsMax; i++)
        {
            if (producers.GetValueOrDefault(value) is not { OpType: "Cast" or "Identity", Input.Count: 1 } cast)
            {
                return value;
            }

            value = cast.Input[0];
        }

        throw Refusal($"value {JsonFields.Printable(value)} is cast more than {CastsMax} times");
    }

    /// <summary>The node that makes a value, behind casts; null for weights and inputs.</summary>
    internal NodeProto? Producer(string value) => producers.GetValueOrDefault(Resolve(value));

    /// <summary>True where a value is a weight.</summary>
    internal bool IsWeight(string value) => initializers.ContainsKey(Resolve(value));

    /// <summary>The weight of that name.</summary>
    /// <exception cref="ModelImportException">There is none, or its bytes are not there.</exception>
    internal OnnxData Weight(string value, params long[] shape)
    {
        string name = Resolve(value);
        if (!initializers.TryGetValue(name, out TensorProto? tensor))
        {
            throw Unexpected(name, "a weight");
        }

        if (!data.TryGetValue(name, out OnnxData? found))
        {
            found = OnnxData.Of(
                tensor, FileOf, what => Refusal($"tensor {JsonFields.Printable(name)} {what}"));
            data.Add(name, found);
        }

        return shape.Length == 0 || found.Dimensions.SequenceEqual(shape)
            ? found
            : throw Refusal($"tensor {JsonFields.Printable(name)} is [{string.Join(", ", found.Dimensions)}], not "
                + $"[{string.Join(", ", shape)}]");
    }

    /// <summary>A whole-number attribute, or what it is where absent.</summary>
    internal static long Whole(NodeProto node, string name, long otherwise) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name) is { HasI: true } found
            ? found.I : otherwise;

    /// <summary>A number attribute, or what it is where absent.</summary>
    internal static float Number(NodeProto node, string name, float otherwise) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name) is { HasF: true } found
            ? found.F : otherwise;

    /// <summary>An input of a node; empty where it is left out.</summary>
    internal static string Input(NodeProto node, int index) => index < node.Input.Count ? node.Input[index] : "";

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SourceFile file in files.Values)
        {
            file.Dispose();
        }
    }

    private static GraphProto Parse(string folder, string name)
    {
        try
        {
            byte[] bytes = SourceFile.ReadAll(Path.Combine(folder, name), GraphBytesMax);
            return ModelProto.Parser.ParseFrom(bytes).Graph
                ?? throw new ModelImportException($"{name} holds no graph; download it again");
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new ModelImportException(
                $"{name} is not an ONNX graph ({JsonFields.Printable(e.Message)}); download it again", e);
        }
    }

    private SourceFile FileOf(string name)
    {
        if (!files.TryGetValue(name, out SourceFile? file))
        {
            file = SourceFile.Open(Path.Combine(folder, name));
            files.Add(name, file);
        }

        return file;
    }
}
