using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>Samples made by a function.</summary>
internal sealed class FunctionBatches(
    Func<long, RandomNumbers, (Tensor Input, Tensor Target)> sample, string name, int count, int batchSize, long seed)
    : GeneratedBatches(name, count, batchSize, seed)
{
    protected override (Tensor Input, Tensor Target, Tensor? Weight) Generate(long number, RandomNumbers random)
    {
        (Tensor input, Tensor target) = sample(number, random);
        return (input, target, null);
    }
}
