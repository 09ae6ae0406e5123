using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing;

/// <summary>A weight and the places of its tensors in the file.</summary>
/// <param name="Spec">The weight.</param>
/// <param name="Tensors">Its tensors, in the order of the file.</param>
internal sealed record PlacedWeight(WeightSpec Spec, IReadOnlyList<ExternalTensor> Tensors)
{
    /// <summary>Byte behind the last one.</summary>
    internal long End => Tensors[^1].Offset + Tensors[^1].Length;
}

/// <summary>Where each weight of a package lies in <c>model.bin</c>: in order, each tensor on a border of 64
/// bytes.</summary>
internal sealed class WeightLayout
{
    /// <summary>Name of the file.</summary>
    internal const string FileName = "model.bin";

    /// <summary>Borders of tensors.</summary>
    internal const int AlignmentBytes = 64;

    private WeightLayout(IReadOnlyList<PlacedWeight> weights) => Weights = weights;

    /// <summary>The weights, in the order of the file.</summary>
    internal IReadOnlyList<PlacedWeight> Weights { get; }

    /// <summary>Length of the file.</summary>
    internal long Bytes => Weights[^1].End;

    /// <summary>Every tensor by name, as the graph wants them.</summary>
    internal IReadOnlyDictionary<string, ExternalTensor> Tensors =>
        Weights.SelectMany(weight => weight.Tensors).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);

    /// <summary>Places every weight of a model.</summary>
    internal static WeightLayout Of(ModelArchitecture model, string precision)
    {
        List<PlacedWeight> weights = [];
        long end = 0;
        foreach (WeightSpec spec in WeightCatalog.Of(model, precision))
        {
            List<ExternalTensor> tensors = [];
            foreach (TensorSpec tensor in spec.Tensors(precision))
            {
                long offset = checked((end + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes);
                tensors.Add(new ExternalTensor(
                    tensor.Name, tensor.ElementType, tensor.Dimensions, FileName, offset, tensor.Bytes));
                end = checked(offset + tensor.Bytes);
            }

            weights.Add(new PlacedWeight(spec, tensors));
        }

        return new WeightLayout(weights);
    }
}
