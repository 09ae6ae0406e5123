using Camelid.ModelRuntime.Training;

namespace Camelid.ModelRuntime.Tests.Importing.OnnxFolder;

/// <summary>A quantised matrix of random levels, and the numbers that it stands for by definition.</summary>
internal sealed record OnnxBlocks(byte[] Levels, float[] Scales, byte[] ZeroPoints, float[] Values, int RowBlocks)
{
    internal static OnnxBlocks Random(SplitMix64 random, int rows, int columns, OnnxDecoderOptions options)
    {
        (int bits, int size) = (options.Bits, options.BlockElements);
        int rowBlocks = (columns + size - 1) / size;
        int bound = 1 << bits;
        byte[] levels = new byte[rows * rowBlocks * size * bits / 8];
        float[] scales = new float[rows * rowBlocks];
        int zeroBytes = (rowBlocks * bits + 7) / 8;
        byte[] zeros = new byte[rows * zeroBytes];
        float[] values = new float[rows * columns];
        for (int row = 0; row < rows; row++)
        {
            for (int block = 0; block < rowBlocks; block++)
            {
                // Exact in all three formats.
                float scale = (1 + random.Next() % 7) / 256f;
                int zero = options.HasZeroPoints ? (int)(random.Next() % (ulong)bound) : bound / 2;
                scales[row * rowBlocks + block] = scale;
                zeros[row * zeroBytes + block * bits / 8] |= (byte)(zero << (bits == 4 ? block % 2 * 4 : 0));
                for (int j = 0; j < size; j++)
                {
                    int level = (int)(random.Next() % (ulong)bound);
                    int at = (row * rowBlocks + block) * size + j;
                    levels[at * bits / 8] |= (byte)(level << (bits == 4 ? at % 2 * 4 : 0));
                    int column = block * size + j;
                    if (column < columns)
                    {
                        values[row * columns + column] = (level - zero) * scale;
                    }
                }
            }
        }

        return new OnnxBlocks(levels, scales, zeros, values, rowBlocks);
    }
}
