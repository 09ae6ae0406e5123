using System.Buffers;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Importing.OnnxFolder;

/// <summary>A matrix of a graph, read by rows as Hugging Face keeps them: [outputs, inputs].</summary>
internal abstract class OnnxMatrix
{
    /// <summary>Outputs.</summary>
    internal abstract long Rows { get; }

    /// <summary>Inputs.</summary>
    internal abstract int Columns { get; }

    /// <summary>The number format, as messages name it.</summary>
    internal abstract string Type { get; }

    /// <summary>The precision that keeps the numbers.</summary>
    internal abstract string KeptBy { get; }

    /// <summary>True where not even that precision keeps every number.</summary>
    internal virtual bool IsChanged => false;

    /// <summary>The tensor that holds it.</summary>
    internal abstract OnnxData Data { get; }

    /// <summary>Numbers, [rows, <see cref="Columns"/>].</summary>
    internal abstract void ReadRows(long first, int count, Span<float> destination);

    /// <summary>Blocks of 32 as MatMulNBits keeps them; false where they do not fit.</summary>
    internal virtual bool TryReadBlocks(string precision, SourceRows rows, Span<byte> blocks, Span<float> scales) =>
        false;
}

/// <summary>A dense matrix.</summary>
/// <param name="data">[inputs, outputs], or [outputs, inputs] where it is transposed in the graph.</param>
/// <param name="isTransposed">True for [outputs, inputs].</param>
internal sealed class OnnxDenseMatrix(OnnxData data, bool isTransposed) : OnnxMatrix
{
    /// <summary>Bytes that are read at once.</summary>
    private const int WindowBytes = 1 << 20;

    /// <inheritdoc/>
    internal override long Rows => data.Dimensions[isTransposed ? 0 : 1];

    /// <inheritdoc/>
    internal override int Columns => (int)data.Dimensions[isTransposed ? 1 : 0];

    /// <inheritdoc/>
    internal override string Type => data.Format;

    /// <inheritdoc/>
    internal override string KeptBy => Precision.Single;

    /// <inheritdoc/>
    internal override OnnxData Data => data;

    /// <inheritdoc/>
    internal override void ReadRows(long first, int count, Span<float> destination)
    {
        // A model has hundreds of matrices: they share what reading needs.
        byte[] scratch = ArrayPool<byte>.Shared.Rent(WindowBytes);
        float[] strip = ArrayPool<float>.Shared.Rent(isTransposed ? 0 : count);
        try
        {
            Read(first, destination[..(count * Columns)], strip.AsSpan(0, isTransposed ? 0 : count), scratch);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
            ArrayPool<float>.Shared.Return(strip);
        }
    }

    private void Read(long first, Span<float> destination, Span<float> strip, Span<byte> scratch)
    {
        if (isTransposed)
        {
            data.ReadNumbers(first * Columns, destination, scratch);
            return;
        }

        // One read for each input: the outputs wanted lie side by side.
        for (int input = 0; input < Columns; input++)
        {
            data.ReadNumbers(input * Rows + first, strip, scratch);
            for (int i = 0; i < strip.Length; i++)
            {
                destination[i * Columns + input] = strip[i];
            }
        }
    }
}

/// <summary>How a quantised matrix is laid out.</summary>
/// <param name="Rows">Outputs (N).</param>
/// <param name="Columns">Inputs (K).</param>
/// <param name="Bits">4 or 8.</param>
/// <param name="BlockElements">Inputs under one scale: a power of two, 16 to 4096.</param>
internal readonly record struct OnnxBlockLayout(long Rows, int Columns, int Bits, int BlockElements)
{
    /// <summary>Blocks of one output.</summary>
    internal int RowBlocks => (Columns + BlockElements - 1) / BlockElements;

    /// <summary>Bytes of one output.</summary>
    internal int RowBytes => RowBlocks * BlockElements * Bits / 8;

    /// <summary>Bytes of packed zero points of one output.</summary>
    internal int ZeroPointBytes => (RowBlocks * Bits + 7) / 8;

    /// <summary>The level that stands for zero where no zero points are given.</summary>
    internal int Half => 1 << (Bits - 1);
}

/// <summary>The matrix of a MatMulNBits: (level − zero point) · scale, low nibble first.</summary>
/// <remarks>Source: ONNX Runtime, docs/ContribOperators.md, com.microsoft.MatMulNBits.</remarks>
internal sealed class OnnxBlockMatrix : OnnxMatrix
{
    private readonly OnnxBlockLayout layout;
    private readonly OnnxData blocks, scales;
    private readonly OnnxData? zeroPoints;
    private readonly byte[] row, zeroBytes, scratch;
    private readonly float[] rowScales, rowZeros;

    /// <summary>Of tensors whose sizes are checked: see <see cref="Fault"/>.</summary>
    internal OnnxBlockMatrix(OnnxBlockLayout layout, OnnxData blocks, OnnxData scales, OnnxData? zeroPoints)
    {
        (this.layout, this.blocks, this.scales, this.zeroPoints) = (layout, blocks, scales, zeroPoints);
        row = new byte[layout.RowBytes];
        zeroBytes = new byte[layout.ZeroPointBytes];
        scratch = new byte[sizeof(float) * layout.RowBlocks];
        (rowScales, rowZeros) = (new float[layout.RowBlocks], new float[layout.RowBlocks]);
        Array.Fill(rowZeros, layout.Half);
    }

    /// <inheritdoc/>
    internal override long Rows => layout.Rows;

    /// <inheritdoc/>
    internal override int Columns => layout.Columns;

    /// <inheritdoc/>
    internal override string Type => $"{layout.Bits}-bit, block {layout.BlockElements}"
        + (zeroPoints is null ? "" : ", zero points");

    /// <inheritdoc/>
    internal override string KeptBy => layout.Bits == 8 ? Precision.Int8 : Precision.Int4;

    /// <inheritdoc/>
    internal override bool IsChanged => zeroPoints is not null || layout.BlockElements % Precision.BlockSize != 0;

    /// <inheritdoc/>
    internal override OnnxData Data => blocks;

    /// <summary>What is wrong with the parts of such a matrix; empty where nothing is.</summary>
    internal static string Fault(OnnxBlockLayout layout, OnnxData blocks, OnnxData scales, OnnxData? zeroPoints)
    {
        long count = layout.Rows * layout.RowBlocks;
        bool packed = zeroPoints?.ElementBytes == 1;
        return 0 switch
        {
            _ when layout.Bits is not (4 or 8) => $"has {layout.Bits} bits; 4 and 8 are supported",
            _ when layout.BlockElements is < 16 or > 4096 || !int.IsPow2(layout.BlockElements) =>
                $"has blocks of {layout.BlockElements}; powers of two from 16 to 4096 are supported",
            _ when blocks.ElementBytes != 1 || blocks.Count != layout.Rows * layout.RowBytes =>
                $"has {blocks.Count} bytes of blocks, not {layout.Rows * layout.RowBytes}",
            _ when scales.Format.Length == 0 || scales.Count != count => $"has {scales.Count} scales, not {count}",
            _ when zeroPoints is not null && zeroPoints.Count != (packed ? layout.Rows * layout.ZeroPointBytes : count)
                => $"has {zeroPoints.Count} zero points, which is not one for each of {count} blocks",
            _ => "",
        };
    }

    /// <inheritdoc/>
    internal override void ReadRows(long first, int count, Span<float> destination)
    {
        for (int i = 0; i < count; i++)
        {
            ReadRow(first + i);
            Span<float> values = destination.Slice(i * Columns, Columns);
            for (int column = 0; column < values.Length; column++)
            {
                int level = layout.Bits == 8 ? row[column] : (row[column / 2] >> (column % 2 * 4)) & 15;
                int block = column / layout.BlockElements;
                values[column] = (level - rowZeros[block]) * rowScales[block];
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>A wider block is several of 32 under the same scale; its bytes lie in the same order.</remarks>
    internal override bool TryReadBlocks(string precision, SourceRows rows, Span<byte> blocks, Span<float> scales)
    {
        if (precision != KeptBy || IsChanged)
        {
            return false;
        }

        int rowBlocks = (Columns + Precision.BlockSize - 1) / Precision.BlockSize;
        int rowBytes = rowBlocks * Precision.BlockBytes(precision);
        for (int i = 0; i < rows.Count; i++)
        {
            ReadRow(rows.First + i);
            Span<byte> target = blocks.Slice(i * rowBytes, rowBytes);
            row.AsSpan(0, rowBytes).CopyTo(target);
            ClearPadding(target, rowBlocks * Precision.BlockSize);
            for (int block = 0; block < rowBlocks; block++)
            {
                scales[i * rowBlocks + block] = rowScales[block * Precision.BlockSize / layout.BlockElements];
            }
        }

        return true;
    }

    /// <summary>Levels beyond the last input stand for zero, whatever the source holds there.</summary>
    private void ClearPadding(Span<byte> target, int elements)
    {
        for (int column = Columns; column < elements; column++)
        {
            if (layout.Bits == 8)
            {
                target[column] = 0x80;
            }
            else
            {
                target[column / 2] = (byte)(column % 2 == 0
                    ? (target[column / 2] & 0xF0) | 8
                    : (target[column / 2] & 0x0F) | 0x80);
            }
        }
    }

    private void ReadRow(long index)
    {
        blocks.Read(index * layout.RowBytes, row);
        scales.ReadNumbers(index * layout.RowBlocks, rowScales, scratch);
        if (zeroPoints is null)
        {
            return;
        }

        if (zeroPoints.ElementBytes > 1)
        {
            zeroPoints.ReadNumbers(index * layout.RowBlocks, rowZeros, scratch);
            return;
        }

        zeroPoints.Read(index * layout.ZeroPointBytes, zeroBytes);
        for (int block = 0; block < rowZeros.Length; block++)
        {
            rowZeros[block] = layout.Bits == 8
                ? zeroBytes[block]
                : (zeroBytes[block / 2] >> (block % 2 * 4)) & 15;
        }
    }
}
