namespace Camelid.ModelRuntime.Training;

/// <summary>
/// A training that can be repeated: every batch and every learning rate is a function of the step, so that one step
/// is recomputed without those before it.
/// </summary>
internal abstract class TrainingRecipe
{
    /// <summary>What is trained, how, and from which seed: canonical text that begins the chain.</summary>
    internal abstract string Description { get; }

    /// <summary>Steps in all.</summary>
    internal abstract int Steps { get; }

    /// <summary>Threads of one operator; another number may give other bits.</summary>
    internal abstract int Threads { get; }

    /// <summary>The weights before the first step.</summary>
    internal abstract float[] StartWeights();

    /// <summary>The shape of the batch of a step, from one.</summary>
    internal abstract BatchShape ShapeOf(int step);

    /// <summary>Most tokens of a batch.</summary>
    internal abstract int RowsMax { get; }

    /// <summary>The batch of a step, from one: ids, and the token after each.</summary>
    internal abstract void FillBatch(int step, long[] ids, long[] targets);

    /// <summary>The learning rate of a step, from one.</summary>
    internal abstract float RateOf(int step);

    /// <summary>Folder of the files that hold frozen weights; null where every weight is trained.</summary>
    internal virtual string? FrozenFolder => null;

    /// <summary>The graph of one step for a batch shape.</summary>
    internal abstract byte[] Graph(BatchShape shape);
}
