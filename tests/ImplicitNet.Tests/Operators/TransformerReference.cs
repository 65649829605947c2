using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

/// <summary>The formulas of an <see cref="EquilibriumTransformer"/> for one sequence, number by number in plain C#.</summary>
internal sealed class TransformerReference(EquilibriumTransformer transformer, int heads, int reach)
{
    private const double Epsilon = 1e-5;

    private readonly Dictionary<string, double[,]> _weights = transformer.state_dict().ToDictionary(
        entry => entry.Key, entry => Matrix(entry.Value.ndim == 1 ? entry.Value.unsqueeze(0) : entry.Value));

    /// <summary>R(u, q).</summary>
    /// <param name="u">[tokens][channels].</param>
    /// <param name="q">[tokens][channels].</param>
    /// <param name="before">u and q of the memory; empty for none.</param>
    /// <param name="present">Which tokens are there.</param>
    public double[][] Apply(double[][] u, double[][] q, (double[] U, double[] Q)[] before, bool[] present)
    {
        int channels = q[0].Length, size = channels / heads;
        double[][] all = [.. before.Select(pair => pair.U), .. u];
        double[][] heard = transformer.IsShifted ? [new double[channels], .. all[..^1]] : all;
        double[][] projected = [.. heard.Zip([.. before.Select(pair => pair.Q), .. q]).Select(pair => Sum(
            Times("layer.attention.weight", pair.Item1), Times("layer.injection.weight", pair.Item2), Row("layer.injection.bias")))];
        double[][] values = new double[q.Length][];
        for (int token = 0; token < q.Length; token++)
        {
            int place = before.Length + token;
            double[] mixed = new double[channels];
            for (int head = 0; head < heads; head++)
            {
                double[] weights = new double[projected.Length];
                for (int other = 0; other < projected.Length; other++)
                {
                    int distance = place - other;
                    bool isSeen = (distance >= 0 || !transformer.IsCausal) && (other < before.Length || present[other - before.Length]);
                    double bias = _weights["distances.weight"][head, transformer.IsCausal
                        ? Math.Clamp(distance, 0, reach - 1)
                        : Math.Clamp(distance, 1 - reach, reach - 1) + reach - 1];
                    double product = Enumerable.Range(head * size, size)
                        .Sum(channel => projected[place][channel] * projected[other][channels + channel]);
                    weights[other] = isSeen ? Math.Exp((product / Math.Sqrt(size)) + bias) : 0;
                }

                for (int channel = head * size; channel < (head + 1) * size; channel++)
                {
                    mixed[channel] = weights.Select((weight, other) => weight * projected[other][(2 * channels) + channel]).Sum() / weights.Sum();
                }
            }

            double[] h = Norm("norm1", Sum(q[token], Times("layer.output.weight", mixed), Row("layer.output.bias")));
            double[] wide = [.. Sum(Times("layer.wide.weight", h), Row("layer.wide.bias")).Select(value => Math.Max(0, value))];
            double[] value = Norm("norm2", Sum(h, Times("layer.narrow.weight", wide), Row("layer.narrow.bias")));
            values[token] = present[token] ? value : new double[channels];
        }

        return values;
    }

    private static double[,] Matrix(Tensor tensor)
    {
        double[,] matrix = new double[tensor.shape[0], tensor.shape[1]];
        for (int row = 0; row < matrix.GetLength(0); row++)
        {
            for (int column = 0; column < matrix.GetLength(1); column++)
            {
                matrix[row, column] = tensor[row, column].ToDouble();
            }
        }

        return matrix;
    }

    private static double[] Sum(params double[][] all) => [.. all[0].Select((_, place) => all.Sum(each => each[place]))];

    private double[] Times(string name, double[] vector) =>
        [.. Enumerable.Range(0, _weights[name].GetLength(0)).Select(row => vector.Select((value, column) => _weights[name][row, column] * value).Sum())];

    private double[] Row(string name) => [.. Enumerable.Range(0, _weights[name].GetLength(1)).Select(place => _weights[name][0, place])];

    private double[] Norm(string name, double[] values)
    {
        double mean = values.Average(), variance = values.Average(value => (value - mean) * (value - mean));
        double[] weight = Row($"layer.{name}.weight"), bias = Row($"layer.{name}.bias");
        return [.. values.Select((value, place) => ((value - mean) / Math.Sqrt(variance + Epsilon) * weight[place]) + bias[place])];
    }
}
