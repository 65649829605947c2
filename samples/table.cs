#:project ../src/ImplicitNet.Training/ImplicitNet.Training.csproj

// Train on your own table: rows of numbers, one column to foretell. Training ends when rows held out are foretold no better.
using System.Globalization;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

Random chance = new(1);
IEnumerable<string> lines = Enumerable.Range(0, 1000).Select(_ => House()); // yours: File.ReadLines("houses.csv").Skip(1)
double[][] rows = [.. lines.Select(line => line.Split(',').Select(cell => double.Parse(cell, CultureInfo.InvariantCulture)).ToArray())];
Tensor table = tensor(rows.SelectMany(row => row).ToArray()).reshape(rows.Length, -1);
(TensorBatches seen, TensorBatches test) = BatchSource.From(inputs: table[.., ..3], targets: table[.., 3..] / 100).Split(0.2);
(TensorBatches train, TensorBatches validation) = seen.Split(0.2);

random.manual_seed(1);
using ImplicitNetwork network = new(
    nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 32)), // columns of any size, brought to one
    new ContractionOperator(new BoundedLinear(32, 32), gamma: 0.9),
    nn.Linear(32, 1));
TrainingOptions options = new() { Epochs = 100, LearningRate = 1e-2, Stop = new EarlyStopping { Patience = 10 } };
using Trainer trainer = new(network, new Regression(), train, validation, options);
TrainingResult result = trainer.Run();
Console.WriteLine($"Ended by {result.Stopped} after {result.Epochs.Count} epochs, with the weights of epoch {result.BestEpoch}.");

EvaluationResult tested = Evaluator.Evaluate(network, new Regression(), test);
Console.WriteLine($"{tested.Count} houses it never saw: off by {100 * tested.Scores["absolute error"]:0.0} thousand on average.");
using Tensor price = network.call(tensor(new float[,] { { 80, 40, 5 } }));
Console.WriteLine($"80 square metres, 40 years old, 5 km out: {100 * price.item<float>():0} thousand.");

string House() // square metres, age, kilometres to the centre; price in thousands
{
    int metres = chance.Next(30, 150), age = chance.Next(100), distance = chance.Next(20);
    return $"{metres},{age},{distance},{(4 * metres) + (3000 / (10 + distance)) - (age * (100 - age) / 50)}";
}
