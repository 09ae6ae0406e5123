using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;

namespace Camelid.ModelRuntime.Importing;

/// <summary>Writes <c>model.bin</c>, or goes on with one.</summary>
internal sealed class WeightFile(WeightLayout layout, ImportState state, IProgress<ModelImportProgress>? progress)
{
    private const long ReportBytes = 4 << 20;

    private long reported;

    /// <summary>Writes every weight that is not there yet.</summary>
    /// <param name="folder">The folder of the unfinished package.</param>
    /// <param name="conversion">Gives the bytes.</param>
    /// <returns>The file, as the manifest lists it.</returns>
    internal PackageFile Write(string folder, WeightConversion conversion)
    {
        using ChunkedWriter writer = new(Path.Combine(folder, WeightLayout.FileName));
        List<FinishedWeight> finished = TakeOver(writer);
        state.Begin(finished);
        writer.CutRest();
        foreach (PlacedWeight weight in layout.Weights.Skip(finished.Count))
        {
            progress?.Report(new ModelImportProgress(weight.Spec.Name, writer.Length, layout.Bytes));
            Write(writer, weight, conversion);
            state.Append(new FinishedWeight(weight.Spec.Name, weight.End, writer.EndPart()));
        }

        IReadOnlyList<Hash256> leaves = writer.Finish();
        progress?.Report(new ModelImportProgress(WeightLayout.FileName, layout.Bytes, layout.Bytes));
        return new PackageFile
        {
            Path = WeightLayout.FileName, Bytes = layout.Bytes, Chunks = [.. leaves.Select(leaf => leaf.ToString())],
        };
    }

    private List<FinishedWeight> TakeOver(ChunkedWriter writer)
    {
        List<FinishedWeight> taken = [];
        foreach ((PlacedWeight weight, FinishedWeight old) in layout.Weights.Zip(state.Read()))
        {
            if (old.Name != weight.Spec.Name || old.End != weight.End || !writer.TryTakeOver(old.End, old.Hash))
            {
                break;
            }

            taken.Add(old);
            progress?.Report(new ModelImportProgress(old.Name, old.End, layout.Bytes) { IsTakenOver = true });
        }

        return taken;
    }

    private void Write(ChunkedWriter writer, PlacedWeight weight, WeightConversion conversion)
    {
        IReadOnlyList<ExternalTensor> tensors = weight.Tensors;
        ByteSink[] sinks = new ByteSink[tensors.Count];
        for (int i = 0; i < sinks.Length; i++)
        {
            long offset = tensors[i].Offset;
            sinks[i] = bytes =>
            {
                if (writer.Length < offset)
                {
                    writer.PadTo(offset);
                }

                writer.Write(bytes);
                Report(weight.Spec.Name, writer.Length);
            };
        }

        conversion.Write(weight.Spec, sinks);
        if (writer.Length != weight.End)
        {
            throw new System.Diagnostics.UnreachableException(
                $"weight {weight.Spec.Name} ends at {writer.Length}, planned was {weight.End}");
        }
    }

    private void Report(string name, long written)
    {
        if (written - reported >= ReportBytes)
        {
            reported = written;
            progress?.Report(new ModelImportProgress(name, written, layout.Bytes));
        }
    }
}
