using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;

namespace Camelid.ModelRuntime.Training;

/// <summary>What a training step swears to: one line of the chain file.</summary>
/// <param name="Step">Number of the step, from one; 0 describes the start.</param>
/// <param name="Batch">Hash of the batch: ids and targets.</param>
/// <param name="Rate">Learning rate, as the hexadecimal bits of a float32.</param>
/// <param name="Loss">Loss before the step, in nats per token, as the bits of a float32.</param>
/// <param name="State">Hash of weights and optimiser state after the step.</param>
/// <param name="Link">The chain up to here.</param>
internal sealed record TrainingStep(int Step, string Batch, string Rate, string Loss, string State, string Link)
{
    /// <summary>The loss as a number.</summary>
    [JsonIgnore]
    internal float LossValue => TrainingChain.Number(Loss);
}

/// <summary>
/// A chain of hashes over a training: each link covers the link before, the batch, the learning rate, the loss and the
/// state after the step. Who holds the last link can check any step alone, from a state that was stored before it.
/// </summary>
internal static class TrainingChain
{
    private const string StartTag = "camelid/training-start", StepTag = "camelid/training-step";
    private const string BatchTag = "camelid/training-batch";

    /// <summary>Most lines of a chain file.</summary>
    internal const int StepsMax = 10_000_000;

    /// <summary>
    /// Rule T-02: the first link, TaggedHash("camelid/training-start", text description ‖ state).
    /// </summary>
    internal static TrainingStep Start(string description, Hash256 state)
    {
        Hash256 link = Hashes.Tagged(StartTag, new CanonicalWriter().Text(description).Hash(state).Written);
        return new TrainingStep(0, "", "", "", state.ToString(), link.ToString());
    }

    /// <summary>
    /// Rule T-03: the next link, TaggedHash("camelid/training-step", link before ‖ u32 step ‖ batch ‖ u32 bits of the
    /// rate ‖ u32 bits of the loss ‖ state after).
    /// </summary>
    internal static TrainingStep Next(TrainingStep before, Hash256 batch, float rate, float loss, Hash256 state)
    {
        int step = before.Step + 1;
        CanonicalWriter writer = new CanonicalWriter().Hash(Parse(before.Link, before.Step)).UInt32((uint)step)
            .Hash(batch).UInt32(BitConverter.SingleToUInt32Bits(rate))
            .UInt32(BitConverter.SingleToUInt32Bits(loss)).Hash(state);
        return new TrainingStep(
            step, batch.ToString(), Bits(rate), Bits(loss), state.ToString(),
            Hashes.Tagged(StepTag, writer.Written).ToString());
    }

    /// <summary>True where the values of a step and the link before give its link.</summary>
    internal static bool Follows(TrainingStep before, TrainingStep step) =>
        Hash256.TryParse(step.Batch, out Hash256 batch) && Hash256.TryParse(step.State, out Hash256 state)
        && TryBits(step.Rate, out float rate) && TryBits(step.Loss, out float loss)
        && Next(before, batch, rate, loss, state) == step;

    /// <summary>
    /// Rule T-04: TaggedHash("camelid/training-batch", u32 windows ‖ u32 tokens ‖ ids ‖ targets), i64 each.
    /// </summary>
    internal static Hash256 HashOf(BatchShape shape, ReadOnlySpan<long> ids, ReadOnlySpan<long> targets) =>
        Hashes.Tagged(BatchTag, new CanonicalWriter().UInt32((uint)shape.Windows).UInt32((uint)shape.Tokens)
            .Raw(MemoryMarshal.AsBytes(ids)).Raw(MemoryMarshal.AsBytes(targets)).Written);

    /// <summary>One line of the chain file.</summary>
    internal static string Line(TrainingStep step) => JsonSerializer.Serialize(step, JsonSerializerOptions.Web);

    /// <summary>Reads a chain file; the lines must be numbered from zero without a gap.</summary>
    /// <exception cref="ModelPackageException">A line is damaged; the text names it.</exception>
    internal static List<TrainingStep> Read(string path)
    {
        List<TrainingStep> steps = [];
        foreach (string line in File.ReadLines(path))
        {
            if (steps.Count > StepsMax)
            {
                throw new ModelPackageException($"{path} has more than {StepsMax} steps");
            }

            steps.Add(ReadLine(path, line, steps.Count));
        }

        return steps.Count > 0 ? steps : throw new ModelPackageException($"{path} is empty");
    }

    /// <summary>The number whose bits a line holds; no number where it holds none.</summary>
    internal static float Number(string bits) => TryBits(bits, out float number) ? number : float.NaN;

    private static bool TryBits(string text, out float number)
    {
        bool sound = uint.TryParse(
            text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint bits);
        number = BitConverter.UInt32BitsToSingle(bits);
        return sound;
    }

    private static string Bits(float number) =>
        BitConverter.SingleToUInt32Bits(number).ToString("x8", CultureInfo.InvariantCulture);

    private static TrainingStep ReadLine(string path, string line, int number)
    {
        try
        {
            TrainingStep? step = JsonSerializer.Deserialize<TrainingStep>(line, JsonSerializerOptions.Web);
            if (step is { Batch: not null, Rate: not null, Loss: not null, State: not null, Link: not null }
                && step.Step == number)
            {
                return step;
            }
        }
        catch (JsonException e)
        {
            throw new ModelPackageException($"{path}, line {number + 1}, is no training step: {e.Message}", e);
        }

        throw new ModelPackageException($"{path}, line {number + 1}, is not step {number}");
    }

    private static Hash256 Parse(string text, int step) => Hash256.TryParse(text, out Hash256 hash)
        ? hash
        : throw new ModelPackageException($"step {step} of the chain holds '{text}', which is no hash");
}
