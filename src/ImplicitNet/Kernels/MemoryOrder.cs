namespace ImplicitNet.Kernels;

/// <summary>The dimensions of a tensor from outer to inner in memory.</summary>
internal static class MemoryOrder
{
    /// <summary>Those from the first on by falling stride, equal ones as they come; those before it stay in front.</summary>
    public static long[] Of(ReadOnlySpan<long> strides, int first = 0)
    {
        long[] order = new long[strides.Length];
        for (int dimension = 0; dimension < order.Length; dimension++)
        {
            int place = dimension;
            for (; place > first && strides[(int)order[place - 1]] < strides[dimension]; place--)
            {
                order[place] = order[place - 1];
            }

            order[place] = dimension;
        }

        return order;
    }
}
