#:project ../src/ImplicitNet.Training/ImplicitNet.Training.csproj

// Data that TorchSharp's DataLoader reads, from a data set of your own: here points on two rings.
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;
using DataLoader = TorchSharp.Modules.DataLoader;

using DataLoader train = new(new Rings(2000, seed: 1), batchSize: 50, shuffle: true);
using DataLoader validation = new(new Rings(500, seed: 2), batchSize: 500);

random.manual_seed(1);
using ImplicitNetwork network = new(nn.Linear(2, 32), new ContractionOperator(new BoundedLinear(32, 32), gamma: 0.9), nn.Linear(32, 2));
using Trainer trainer = new(
    network,
    new Classification(),
    BatchSource.FromLoader(train, inputs: "point", targets: "ring"),
    BatchSource.FromLoader(validation, inputs: "point", targets: "ring"),
    new TrainingOptions { Epochs = 3 });
TrainingResult result = trainer.Run();
Console.WriteLine($"Epoch {result.BestEpoch} put {result.ValidationAccuracy:P1} of the points held out on the right ring.");

internal sealed class Rings(int count, int seed) : utils.data.Dataset
{
    public override long Count => count;

    public override Dictionary<string, Tensor> GetTensor(long index)
    {
        Random chance = new((int)((seed * 1_000_003) + index));
        int ring = chance.Next(2);
        double angle = chance.NextDouble() * 2 * Math.PI, radius = 1 + ring + (0.6 * (chance.NextDouble() - 0.5));
        Tensor point = tensor(new[] { radius * Math.Cos(angle), radius * Math.Sin(angle) });
        return new() { ["point"] = point, ["ring"] = tensor(ring, int64) };
    }
}
