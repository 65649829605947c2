#:project ../src/ImplicitNet.Models/ImplicitNet.Models.csproj
#:project ../src/ImplicitNet.Training/ImplicitNet.Training.csproj

// Digits in thirty lines: draw a data set, train an implicit classifier by JFB, evaluate it once on the test part.
using ImplicitNet.Files;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

random.manual_seed(1);
DataSplits digits = StrokeDigits.Generate(new StrokeDigitsOptions { TrainCount = 4000, ValidationCount = 500, TestCount = 1000 });
PixelNormalization normalization = PixelNormalization.Of(digits.Train);
ImageBatches Batches(ImageDataset part) => new(part, new BatchOptions { Normalization = normalization });

using ImplicitNetwork network = DigitClassifier.Create(new DigitClassifierOptions { Gamma = 0.5 });
Classification task = new();
using Trainer trainer = new(network, task, Batches(digits.Train), Batches(digits.Validation), new TrainingOptions { Epochs = 3 });
TrainingResult training = trainer.Run();
foreach (var epoch in training.Epochs)
{
    string solver = $"{epoch.SolverSteps:0.0} solver steps";
    Console.WriteLine($"epoch {epoch.Epoch}: loss {epoch.TrainLoss:0.000}, validation {epoch.ValidationAccuracy:P2}, {solver}");
}

EvaluationResult test = Evaluator.Evaluate(network, task, Batches(digits.Test));
using Batch some = Batches(digits.Test).First(100);
ContractionReport contraction = network.MeasureContraction(some.Inputs);
long parameters = network.parameters().Sum(parameter => parameter.numel());
Console.WriteLine($"test {test.Accuracy:P2} with {parameters:N0} parameters, {test.Solver.MeanSteps:0.0} solver steps");
Console.WriteLine(contraction);
