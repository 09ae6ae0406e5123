using Google.Protobuf;
using Onnx;

namespace Camelid.ModelRuntime.Onnx;

/// <summary>
/// Writes an ONNX graph node by node. Names of intermediate values are numbered, so that equal calls give equal
/// bytes.
/// </summary>
internal sealed class OnnxGraph(string name)
{
    /// <summary>ONNX element types.</summary>
    internal const int Float = 1, UInt8 = 2, Int32 = 6, Int64 = 7, Float16 = 10;

    private const int IrVersion = 8, OpsetVersion = 17;
    private readonly GraphProto graph = new() { Name = name };
    private int valueCount;

    /// <summary>Adds an operator of one output and returns the name of that output.</summary>
    internal string Add(string operation, string[] inputs, params AttributeProto[] attributes) =>
        AddMany(operation, inputs, 1, attributes)[0];

    /// <summary>Adds an operator of several outputs and returns their names.</summary>
    internal string[] AddMany(string operation, string[] inputs, int outputCount, params AttributeProto[] attributes)
    {
        string[] outputs = [.. Enumerable.Range(0, outputCount).Select(_ => $"v{valueCount++}")];
        AddNode(operation, inputs, outputs, attributes);
        return outputs;
    }

    /// <summary>Adds an operator whose outputs have given names; "" leaves one out.</summary>
    internal void AddNode(string operation, string[] inputs, string[] outputs, params AttributeProto[] attributes)
    {
        string[] parts = operation.Split(':');
        NodeProto node = new()
        {
            OpType = parts[^1], Domain = parts.Length > 1 ? parts[0] : "", Name = $"n{graph.Node.Count}",
        };
        node.Input.AddRange(inputs);
        node.Output.AddRange(outputs);
        node.Attribute.AddRange(attributes);
        graph.Node.Add(node);
    }

    /// <summary>Declares an input; a dimension is a number or a name.</summary>
    internal string Input(string input, int type, params object[] dimensions)
    {
        graph.Input.Add(Value(input, type, dimensions));
        return input;
    }

    /// <summary>Declares an output.</summary>
    internal void Output(string output, int type, params object[] dimensions) =>
        graph.Output.Add(Value(output, type, dimensions));

    /// <summary>A constant of whole numbers, of one dimension.</summary>
    internal string Int64s(params long[] values)
    {
        TensorProto tensor = new() { Name = $"v{valueCount++}", DataType = Int64 };
        tensor.Dims.Add(values.Length);
        tensor.Int64Data.AddRange(values);
        graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    /// <summary>A constant of numbers; no dimensions make a scalar.</summary>
    internal string Floats(float[] values, params long[] dimensions)
    {
        TensorProto tensor = new() { Name = $"v{valueCount++}", DataType = Float };
        tensor.Dims.AddRange(dimensions);
        tensor.FloatData.AddRange(values);
        graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    /// <summary>A constant of bytes.</summary>
    internal string Bytes(byte[] values, params long[] dimensions)
    {
        TensorProto tensor = new()
        {
            Name = $"v{valueCount++}", DataType = UInt8, RawData = ByteString.CopyFrom(values),
        };
        tensor.Dims.AddRange(dimensions);
        graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    /// <summary>A scalar constant.</summary>
    internal string Scalar(float value) => Floats([value]);

    /// <summary>A weight that lies in a file beside the graph.</summary>
    internal string Weight(ExternalTensor weight)
    {
        TensorProto tensor = new()
        {
            Name = weight.Name, DataType = weight.ElementType, DataLocation = TensorProto.Types.DataLocation.External,
        };
        tensor.Dims.AddRange(weight.Dimensions);
        void set(string key, string value) =>
            tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
        set("location", weight.File);
        set("offset", weight.Offset.ToString(System.Globalization.CultureInfo.InvariantCulture));
        set("length", weight.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
        graph.Initializer.Add(tensor);
        return weight.Name;
    }

    /// <summary>Bytes of one element.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is not one that weights have.</exception>
    internal static int ElementBytes(int elementType) => elementType switch
    {
        UInt8 => 1,
        Float16 => 2,
        Float or Int32 => 4,
        Int64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(elementType), elementType, "no type of weights"),
    };

    /// <summary>The finished model, serialised.</summary>
    internal byte[] ToBytes()
    {
        ModelProto model = new() { IrVersion = IrVersion, ProducerName = "camelid", Graph = graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = OpsetVersion });
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 });
        return model.ToByteArray();
    }

    /// <summary>A whole-number attribute.</summary>
    internal static AttributeProto Of(string attribute, long value) =>
        new() { Name = attribute, Type = AttributeProto.Types.AttributeType.Int, I = value };

    /// <summary>A number attribute.</summary>
    internal static AttributeProto Of(string attribute, float value) =>
        new() { Name = attribute, Type = AttributeProto.Types.AttributeType.Float, F = value };

    /// <summary>A text attribute.</summary>
    internal static AttributeProto Of(string attribute, string value) => new()
    {
        Name = attribute, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(value),
    };

    /// <summary>An attribute of whole numbers.</summary>
    internal static AttributeProto Of(string attribute, long[] values)
    {
        AttributeProto result = new() { Name = attribute, Type = AttributeProto.Types.AttributeType.Ints };
        result.Ints.AddRange(values);
        return result;
    }

    private static ValueInfoProto Value(string value, int type, object[] dimensions)
    {
        TensorShapeProto shape = new();
        foreach (object dimension in dimensions)
        {
            shape.Dim.Add(dimension is string symbol
                ? new TensorShapeProto.Types.Dimension { DimParam = symbol }
                : new TensorShapeProto.Types.Dimension
                {
                    DimValue = Convert.ToInt64(dimension, System.Globalization.CultureInfo.InvariantCulture),
                });
        }

        return new ValueInfoProto
        {
            Name = value,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = type, Shape = shape } },
        };
    }
}

/// <summary>Where a weight lies.</summary>
/// <param name="Name">Its name in the graph.</param>
/// <param name="ElementType">ONNX element type.</param>
/// <param name="Dimensions">Its shape.</param>
/// <param name="File">The file, beside the graph.</param>
/// <param name="Offset">Byte offset in the file.</param>
/// <param name="Length">Bytes.</param>
internal sealed record ExternalTensor(
    string Name, int ElementType, IReadOnlyList<long> Dimensions, string File, long Offset, long Length);
