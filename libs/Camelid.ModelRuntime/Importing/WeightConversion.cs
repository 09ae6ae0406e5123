using System.Runtime.InteropServices;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing;

/// <summary>Takes the bytes of a tensor, in order.</summary>
internal delegate void ByteSink(ReadOnlySpan<byte> bytes);

/// <summary>
/// Turns a source's tensors into the bytes of a package's weights, piece by piece: never more than one strip of a
/// matrix is in memory.
/// </summary>
internal sealed class WeightConversion(IModelSourceReader source, string precision, CancellationToken cancellation)
{
    private float[] read = [];
    private float[] strip = [];

    /// <summary>
    /// Numbers of a matrix that are turned at once. A larger matrix is read several times, strip by strip.
    /// </summary>
    internal long StripNumbers { get; init; } = 1L << 26;

    /// <summary>Numbers that are read at once, rounded up to a row.</summary>
    internal int ReadNumbers { get; init; } = 1 << 20;

    /// <summary>Gives the bytes of one weight: those of its first tensor, then those of its second.</summary>
    /// <param name="weight">The weight.</param>
    /// <param name="sinks">One sink for each of its tensors.</param>
    /// <exception cref="ModelImportException">The source cannot be read, or a number does not fit.</exception>
    internal void Write(WeightSpec weight, IReadOnlyList<ByteSink> sinks)
    {
        if (weight.Name is WeightCatalog.Cos or WeightCatalog.Sin)
        {
            RotaryTables tables = RotaryTables.Of(source.Model.Architecture, checked((int)weight.Rows));
            bool isHalf = ElementTypeOf(weight) == OnnxGraph.Float16;
            WriteNumbers(
                weight.Name == WeightCatalog.Cos ? tables.Cos : tables.Sin, isHalf, _ => weight.Name, sinks[0]);
        }
        else if (weight.Kind == WeightKind.Vector)
        {
            float[] values = WeightVectors.Read(source, weight.Name);
            WriteNumbers(values, ElementTypeOf(weight) == OnnxGraph.Float16, _ => weight.Name, sinks[0]);
        }
        else if (weight.Kind == WeightKind.Table)
        {
            WriteTable(WeightRows.Of(source, weight.Name), ElementTypeOf(weight) == OnnxGraph.Float16, sinks[0]);
        }
        else if (Precision.IsQuantised(precision))
        {
            WriteBlocks(WeightRows.Of(source, weight.Name), sinks[0], sinks[1]);
        }
        else
        {
            WriteTurned(WeightRows.Of(source, weight.Name), ElementTypeOf(weight) == OnnxGraph.Float16, sinks[0]);
        }
    }

    /// <summary>Large arrays are kept from weight to weight: the collector would let them pile up.</summary>
    private static float[] Grown(ref float[] array, long length)
    {
        if (array.Length < length)
        {
            array = [];
            array = new float[length];
        }

        return array;
    }

    private int ElementTypeOf(WeightSpec weight) => weight.Tensors(precision)[0].ElementType;

    private int RowsAtOnce(WeightRows rows) => (int)Math.Clamp(ReadNumbers / rows.Columns, 1, Math.Max(1, rows.Rows));

    private void WriteTable(WeightRows rows, bool isHalf, ByteSink sink)
    {
        int step = RowsAtOnce(rows);
        float[] values = Grown(ref read, step * rows.Columns);
        for (long row = 0; row < rows.Rows; row += step)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = (int)Math.Min(step, rows.Rows - row);
            Span<float> read = values.AsSpan(0, count * rows.Columns);
            rows.Read(row, count, read);
            long first = row;
            WriteNumbers(read, isHalf, index => rows.TensorAt(first + (index / rows.Columns)), sink);
        }
    }

    private void WriteBlocks(WeightRows rows, ByteSink blocks, ByteSink scales)
    {
        int step = RowsAtOnce(rows);
        int rowBlocks = (rows.Columns + Precision.BlockSize - 1) / Precision.BlockSize;
        int rowBytes = rowBlocks * Precision.BlockBytes(precision);
        float[] scratch = Grown(ref read, step * rows.Columns);
        byte[] packed = new byte[step * rowBytes];
        float[] allScales = new float[rows.Rows * rowBlocks];
        for (long row = 0; row < rows.Rows; row += step)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = (int)Math.Min(step, rows.Rows - row);
            Span<byte> bytes = packed.AsSpan(0, count * rowBytes);
            rows.ReadBlocks(
                new SourceRows(row, count), precision, scratch, bytes,
                allScales.AsSpan(checked((int)(row * rowBlocks)), count * rowBlocks));
            blocks(bytes);
        }

        WriteNumbers(allScales, isHalf: false, rows.TensorAt, scales);
    }

    /// <summary>Sources keep [outputs, inputs], packages [inputs, outputs].</summary>
    private void WriteTurned(WeightRows rows, bool isHalf, ByteSink sink)
    {
        int outputs = checked((int)rows.Rows);
        int stripInputs = (int)Math.Clamp(StripNumbers / outputs, 1, rows.Columns);
        int step = RowsAtOnce(rows);
        float[] block = Grown(ref read, step * rows.Columns);
        float[] turned = Grown(ref strip, (long)stripInputs * outputs);
        for (int input = 0; input < rows.Columns; input += stripInputs)
        {
            int inputs = Math.Min(stripInputs, rows.Columns - input);
            for (int row = 0; row < outputs; row += step)
            {
                cancellation.ThrowIfCancellationRequested();
                int count = Math.Min(step, outputs - row);
                rows.Read(row, count, block.AsSpan(0, count * rows.Columns));
                Turn(block, new Tile(row, count, input, inputs), rows, turned);
            }

            for (int i = 0; i < inputs; i++)
            {
                WriteNumbers(turned.AsSpan(i * outputs, outputs), isHalf, rows.TensorAt, sink);
            }
        }
    }

    /// <summary>In tiles of 16 × 16, so that a line of the cache is used whole in both matrices.</summary>
    private static void Turn(float[] read, Tile tile, WeightRows rows, float[] strip)
    {
        const int side = 16;
        int outputs = (int)rows.Rows, columns = rows.Columns;
        for (int row = 0; row < tile.Rows; row += side)
        {
            int rowEnd = Math.Min(row + side, tile.Rows);
            for (int input = 0; input < tile.Inputs; input += side)
            {
                int inputEnd = Math.Min(input + side, tile.Inputs);
                for (int i = input; i < inputEnd; i++)
                {
                    Span<float> target = strip.AsSpan((i * outputs) + tile.Row, tile.Rows);
                    for (int r = row; r < rowEnd; r++)
                    {
                        target[r] = read[(r * columns) + tile.Input + i];
                    }
                }
            }
        }
    }

    private static void WriteNumbers(
        ReadOnlySpan<float> values, bool isHalf, Func<long, string> nameAt, ByteSink sink)
    {
        if (!isHalf)
        {
            sink(MemoryMarshal.AsBytes(values));
            return;
        }

        const int pieceNumbers = 4096;
        Span<byte> piece = stackalloc byte[pieceNumbers * sizeof(ushort)];
        for (int i = 0; i < values.Length; i += pieceNumbers)
        {
            ReadOnlySpan<float> numbers = values.Slice(i, Math.Min(pieceNumbers, values.Length - i));
            int over = SourceNumbers.ToHalves(numbers, piece);
            if (over >= 0)
            {
                throw new ModelImportException(
                    $"{nameAt(i + over)} holds {numbers[over]}, which is more than float16 can say (65504); import it "
                    + "with --precision fp32, int8 or int4");
            }

            sink(piece[..(numbers.Length * sizeof(ushort))]);
        }
    }

    private readonly record struct Tile(int Row, int Rows, int Input, int Inputs);
}
