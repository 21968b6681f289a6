BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE edits (
	id VARCHAR(16) NOT NULL, 
	project_id VARCHAR(16) NOT NULL, 
	at FLOAT NOT NULL, 
	title TEXT NOT NULL, 
	"before" JSON NOT NULL, 
	undone BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
INSERT INTO "edits" VALUES('b7656dc485a61f68','ad1cb81aba01839b',1.79587769124346971517e+09,'1 image moved to Beech','[{"id": "f13a0989bdd570c8", "project_id": "ad1cb81aba01839b", "digest": "1b50377c93594a0835479b982783e3898c3780a69ad76954b36676c9f2338b84", "label_id": "4c7e3f89932ffe3e", "split": "train", "split_fixed": false, "excluded": false, "name": "Beech/Beech-0.png", "group": null, "position": 1}]',0);
INSERT INTO "edits" VALUES('7f11bfe657d1078b','ad1cb81aba01839b',1.7958776912493159771e+09,'2 images set aside','[{"id": "48b37a62f838a878", "project_id": "ad1cb81aba01839b", "digest": "804ec3fe349387304896c64cd3f5be547c416620e4783313b4f705f8e3622973", "label_id": "4c7e3f89932ffe3e", "split": "train", "split_fixed": false, "excluded": false, "name": "Beech/Beech-14.png", "group": null, "position": 2}, {"id": "f292abde6e833bd7", "project_id": "ad1cb81aba01839b", "digest": "10df077201d3b25d1225b2155e936a80ecdaaba24ea9b6e4affb3afe20e60521", "label_id": "4c7e3f89932ffe3e", "split": "train", "split_fixed": false, "excluded": false, "name": "Beech/Beech-21.png", "group": null, "position": 3}]',0);
INSERT INTO "edits" VALUES('7aae93acc106ac49','ad1cb81aba01839b',1.79587769125571489331e+09,'1 image deleted','[{"id": "18173f9095c04e9a", "project_id": "ad1cb81aba01839b", "digest": "592b1d7a1a0a65e28261eee276ede320f39bb4bfe7ef968e86a098c04e23bfe4", "label_id": "4c7e3f89932ffe3e", "split": "test", "split_fixed": false, "excluded": false, "name": "Beech/Beech-28.png", "group": null, "position": 4}]',0);
INSERT INTO "edits" VALUES('abfb1074b40f6176','ad1cb81aba01839b',1.79587769126668596268e+09,'1 image moved to the test split','[{"id": "0926c7342f9c6011", "project_id": "ad1cb81aba01839b", "digest": "d995af548d536cc25e1d3f7c5197f0cdb903b89c325d20dd22037672da2b7dce", "label_id": "4c7e3f89932ffe3e", "split": "train", "split_fixed": false, "excluded": false, "name": "Beech/Beech-35.png", "group": null, "position": 5}]',1);
CREATE TABLE events (
	job_id VARCHAR(16) NOT NULL, 
	number INTEGER NOT NULL, 
	at FLOAT NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (job_id, number), 
	FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE
);
INSERT INTO "events" VALUES('e391171754ca6eb0',1,1.7958776890112018585e+09,'started','{"kind":"started","device":"Processor of a laptop","engine":"","process":15618}');
INSERT INTO "events" VALUES('e391171754ca6eb0',4,1.79587768990687584877e+09,'stage','{"kind":"stage","name":"Taking in images","done":19,"total":19,"seconds_left":0.0,"unit":"images"}');
INSERT INTO "events" VALUES('e391171754ca6eb0',6,1.79587768998348259923e+09,'stage','{"kind":"stage","name":"Looking for copies","done":18,"total":18,"seconds_left":0.0,"unit":"images"}');
INSERT INTO "events" VALUES('e391171754ca6eb0',7,1.79587769001520752907e+09,'ended','{"kind":"ended","status":"finished","reason":"","hint":"","detail":""}');
INSERT INTO "events" VALUES('000ea15a8213884f',1,1.79587769002550792698e+09,'started','{"kind":"started","device":"Processor of a laptop","engine":"","process":15618}');
INSERT INTO "events" VALUES('000ea15a8213884f',4,1.79587769043789458271e+09,'stage','{"kind":"stage","name":"Taking in images","done":2,"total":2,"seconds_left":0.0,"unit":"images"}');
INSERT INTO "events" VALUES('000ea15a8213884f',6,1.79587769049938201907e+09,'stage','{"kind":"stage","name":"Looking for copies","done":20,"total":20,"seconds_left":0.0,"unit":"images"}');
INSERT INTO "events" VALUES('000ea15a8213884f',7,1.79587769054354763034e+09,'ended','{"kind":"ended","status":"finished","reason":"","hint":"","detail":""}');
INSERT INTO "events" VALUES('1da2ff0cc8922d8e',1,1.79587769057371425627e+09,'started','{"kind":"started","device":"Processor of a laptop","engine":"","process":15618}');
INSERT INTO "events" VALUES('1da2ff0cc8922d8e',3,1.79587769102107024194e+09,'stage','{"kind":"stage","name":"Taking in images","done":1,"total":1,"seconds_left":0.0,"unit":"images"}');
INSERT INTO "events" VALUES('1da2ff0cc8922d8e',5,1.79587769108744955059e+09,'stage','{"kind":"stage","name":"Looking for copies","done":21,"total":21,"seconds_left":0.0,"unit":"images"}');
INSERT INTO "events" VALUES('1da2ff0cc8922d8e',6,1.79587769112299346918e+09,'ended','{"kind":"ended","status":"finished","reason":"","hint":"","detail":""}');
INSERT INTO "events" VALUES('fde0c533d7f805b3',1,1.79587769113846826554e+09,'started','{"kind":"started","device":"Processor of a laptop","engine":"","process":15618}');
INSERT INTO "events" VALUES('fde0c533d7f805b3',4,1.79587769117600059513e+09,'stage','{"kind":"stage","name":"Looking for copies","done":21,"total":21,"seconds_left":0.0,"unit":"images"}');
INSERT INTO "events" VALUES('fde0c533d7f805b3',5,1.79587769121258473397e+09,'ended','{"kind":"ended","status":"finished","reason":"","hint":"","detail":""}');
INSERT INTO "events" VALUES('f4ece02b6b75c851',1,1.79587769129921841614e+09,'started','{"kind":"started","device":"Processor of a laptop","engine":"","process":15618}');
INSERT INTO "events" VALUES('f4ece02b6b75c851',2,1.79587769853147363663e+09,'message','{"kind":"message","level":"info","text":"Training Starter on Processor of a laptop (CPU): 2,902,240 parameters stay frozen, 2,691 are trained."}');
INSERT INTO "events" VALUES('f4ece02b6b75c851',3,1.79587769853255343434e+09,'stage','{"kind":"stage","name":"Preparing the network","done":0,"total":0,"seconds_left":null,"unit":""}');
INSERT INTO "events" VALUES('f4ece02b6b75c851',5,1.79587769959201669694e+09,'stage','{"kind":"stage","name":"Computing features","done":0,"total":15,"seconds_left":null,"unit":"images"}');
INSERT INTO "events" VALUES('f4ece02b6b75c851',6,1.79587769960333466529e+09,'message','{"kind":"message","level":"info","text":"Preparing this network for OpenVINO, once."}');
INSERT INTO "events" VALUES('f4ece02b6b75c851',7,1795877700.9721,'message','{"kind":"message","level":"info","text":"Features are computed by OpenVINO 2026.4.1 on the processor in float32."}');
INSERT INTO "events" VALUES('f4ece02b6b75c851',8,1.7958777010720908642e+09,'stage','{"kind":"stage","name":"Computing features","done":15,"total":15,"seconds_left":0.0,"unit":"images"}');
INSERT INTO "events" VALUES('f4ece02b6b75c851',9,1.79587770169851899146e+09,'batch','{"kind":"batch","phase":"head","epoch":1,"batch":1,"batches":2,"loss":1.0986123085021973,"accuracy":0.25}');
INSERT INTO "events" VALUES('f4ece02b6b75c851',10,1.79587770174419808391e+09,'epoch','{"kind":"epoch","phase":"head","epoch":1,"epochs":2,"loss":1.0277260184288024,"accuracy":0.3,"val_loss":0.1333358611120774,"val_accuracy":1.0,"confusion":[[2,0,0],[0,3,0],[0,0,0]],"learning_rate":0.01,"seconds":0.6584142509998401,"best":true}');
INSERT INTO "events" VALUES('f4ece02b6b75c851',11,1.79587770177265405651e+09,'epoch','{"kind":"epoch","phase":"head","epoch":2,"epochs":2,"loss":0.00002633043914102018,"accuracy":1.0,"val_loss":0.02047588968286913,"val_accuracy":1.0,"confusion":[[2,0,0],[0,3,0],[0,0,0]],"learning_rate":0.01,"seconds":0.01812814499999149,"best":true}');
INSERT INTO "events" VALUES('f4ece02b6b75c851',12,1.79587770183002758033e+09,'stage','{"kind":"stage","name":"Saving the model","done":0,"total":0,"seconds_left":null,"unit":""}');
INSERT INTO "events" VALUES('f4ece02b6b75c851',13,1.79587770215711665152e+09,'message','{"kind":"message","level":"info","text":"Trained: epoch 2 of 2 is kept, with a validation accuracy of 100.0%."}');
INSERT INTO "events" VALUES('f4ece02b6b75c851',15,1.79587770276651501654e+09,'stage','{"kind":"stage","name":"Evaluating","done":18,"total":18,"seconds_left":0.0,"unit":"images"}');
INSERT INTO "events" VALUES('f4ece02b6b75c851',16,1.79587770313030171392e+09,'ended','{"kind":"ended","status":"finished","reason":"","hint":"","detail":""}');
INSERT INTO "events" VALUES('fe88050d5afb5a56',1,1.7958777031401326656e+09,'started','{"kind":"started","device":"Processor of a laptop","engine":"","process":15618}');
INSERT INTO "events" VALUES('fe88050d5afb5a56',4,1.79587770316882205014e+09,'stage','{"kind":"stage","name":"Reading the images","done":18,"total":18,"seconds_left":0.0,"unit":"images"}');
INSERT INTO "events" VALUES('fe88050d5afb5a56',5,1.79587770317020511629e+09,'stage','{"kind":"stage","name":"Preparing Starter","done":0,"total":0,"seconds_left":null,"unit":"bytes"}');
INSERT INTO "events" VALUES('fe88050d5afb5a56',6,1.79587770319192719455e+09,'stage','{"kind":"stage","name":"Looking with Starter","done":0,"total":0,"seconds_left":null,"unit":"images"}');
INSERT INTO "events" VALUES('fe88050d5afb5a56',7,1.79587770324243330959e+09,'message','{"kind":"message","level":"info","text":"The features of 15 of 18 images were there already."}');
INSERT INTO "events" VALUES('fe88050d5afb5a56',8,1.79587770332934880262e+09,'message','{"kind":"message","level":"info","text":"Features are computed by OpenVINO 2026.4.1 on the processor in float32."}');
INSERT INTO "events" VALUES('fe88050d5afb5a56',9,1.79587770341348147394e+09,'stage','{"kind":"stage","name":"Looking with Starter","done":3,"total":3,"seconds_left":0.0,"unit":"images"}');
INSERT INTO "events" VALUES('fe88050d5afb5a56',10,1.79587770343377256393e+09,'stage','{"kind":"stage","name":"Looking at their borders alone","done":0,"total":0,"seconds_left":null,"unit":"images"}');
INSERT INTO "events" VALUES('fe88050d5afb5a56',11,1.79587770349851059917e+09,'message','{"kind":"message","level":"info","text":"Preparing this network for OpenVINO, once."}');
INSERT INTO "events" VALUES('fe88050d5afb5a56',12,1.79587770454263186449e+09,'message','{"kind":"message","level":"info","text":"Features are computed by OpenVINO 2026.4.1 on the processor in float32."}');
INSERT INTO "events" VALUES('fe88050d5afb5a56',13,1.79587770464264345161e+09,'stage','{"kind":"stage","name":"Looking at their borders alone","done":18,"total":18,"seconds_left":0.0,"unit":"images"}');
INSERT INTO "events" VALUES('fe88050d5afb5a56',17,1.795877707367824316e+09,'stage','{"kind":"stage","name":"Looking for what is wrong","done":16,"total":16,"seconds_left":0.0,"unit":"checks"}');
INSERT INTO "events" VALUES('fe88050d5afb5a56',23,1.79587771057146096224e+09,'stage','{"kind":"stage","name":"Comparing a random split with an honest one","done":6,"total":6,"seconds_left":0.0,"unit":"divisions"}');
INSERT INTO "events" VALUES('fe88050d5afb5a56',24,1.79587771058049941062e+09,'ended','{"kind":"ended","status":"finished","reason":"","hint":"","detail":""}');
INSERT INTO "events" VALUES('eace1109fc839d6d',1,1.79587771060364294046e+09,'started','{"kind":"started","device":"Processor of a laptop","engine":"","process":15618}');
INSERT INTO "events" VALUES('eace1109fc839d6d',4,1.79587771065234375004e+09,'stage','{"kind":"stage","name":"Reading the images","done":18,"total":18,"seconds_left":0.0,"unit":"images"}');
INSERT INTO "events" VALUES('eace1109fc839d6d',5,1.79587771065438365938e+09,'stage','{"kind":"stage","name":"Preparing Starter","done":0,"total":0,"seconds_left":null,"unit":"bytes"}');
INSERT INTO "events" VALUES('eace1109fc839d6d',6,1.79587771067917847632e+09,'stage','{"kind":"stage","name":"Looking with Starter","done":0,"total":0,"seconds_left":null,"unit":"images"}');
INSERT INTO "events" VALUES('eace1109fc839d6d',7,1.79587771077907705301e+09,'message','{"kind":"message","level":"info","text":"The features of 15 of 15 images were there already."}');
INSERT INTO "events" VALUES('eace1109fc839d6d',10,1.79587771125634789465e+09,'stage','{"kind":"stage","name":"Testing fold by fold","done":3,"total":3,"seconds_left":0.0,"unit":"folds"}');
INSERT INTO "events" VALUES('eace1109fc839d6d',11,1.79587771126717233661e+09,'ended','{"kind":"ended","status":"finished","reason":"","hint":"","detail":""}');
INSERT INTO "events" VALUES('b60ad5a40af9251f',1,1.79587771129201436044e+09,'started','{"kind":"started","device":"Processor of a laptop","engine":"","process":15618}');
INSERT INTO "events" VALUES('b60ad5a40af9251f',4,1.7958777113525207043e+09,'stage','{"kind":"stage","name":"Packing the images","done":20,"total":20,"seconds_left":0.0,"unit":"images"}');
INSERT INTO "events" VALUES('b60ad5a40af9251f',5,1.79587771135955452921e+09,'ended','{"kind":"ended","status":"finished","reason":"","hint":"","detail":""}');
INSERT INTO "events" VALUES('59f56fbbaa97114d',1,1.79587771138810229297e+09,'started','{"kind":"started","device":"Processor of a laptop","engine":"","process":15618}');
INSERT INTO "events" VALUES('59f56fbbaa97114d',2,1.7958777123710911274e+09,'ended','{"kind":"ended","status":"finished","reason":"","hint":"","detail":""}');
INSERT INTO "events" VALUES('eb1a58d3689d9c67',1,1.7958777123773050308e+09,'started','{"kind":"started","device":"Processor of a laptop","engine":"","process":15618}');
INSERT INTO "events" VALUES('eb1a58d3689d9c67',2,1.79587771242299294466e+09,'ended','{"kind":"ended","status":"finished","reason":"","hint":"","detail":""}');
INSERT INTO "events" VALUES('79508f5282a7602a',1,1.79587771242870163912e+09,'started','{"kind":"started","device":"Processor of a laptop","engine":"","process":15618}');
INSERT INTO "events" VALUES('79508f5282a7602a',2,1.79587771243087792401e+09,'stage','{"kind":"stage","name":"Arranging the images","done":0,"total":0,"seconds_left":null,"unit":""}');
INSERT INTO "events" VALUES('79508f5282a7602a',3,1.79587771361812424666e+09,'ended','{"kind":"ended","status":"finished","reason":"","hint":"","detail":""}');
INSERT INTO "events" VALUES('154f60840b6574cf',1,1.79587771363325405119e+09,'started','{"kind":"started","device":"Processor of a laptop","engine":"","process":15618}');
INSERT INTO "events" VALUES('154f60840b6574cf',4,1.79587771518350315094e+09,'stage','{"kind":"stage","name":"Packing the bundle","done":1,"total":1,"seconds_left":0.0,"unit":"formats"}');
INSERT INTO "events" VALUES('154f60840b6574cf',5,1.79587771518457889555e+09,'ended','{"kind":"ended","status":"finished","reason":"","hint":"","detail":""}');
INSERT INTO "events" VALUES('d4beed381db0b5f3',1,1.7958777151929523945e+09,'started','{"kind":"started","device":"Processor of a laptop","engine":"","process":15618}');
INSERT INTO "events" VALUES('d4beed381db0b5f3',2,1.7958777151983623504e+09,'stage','{"kind":"stage","name":"Downloading the weights of MobileNetV2","done":0,"total":0,"seconds_left":null,"unit":"bytes"}');
INSERT INTO "events" VALUES('d4beed381db0b5f3',3,1.79587771526423072812e+09,'ended','{"kind":"ended","status":"failed","reason":"The ImageNet weights of MobileNetV2 could not be downloaded: there is no network, or it does not reach storage.googleapis.com.","hint":"Put the file mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5 into /nowhere/models, or choose the starter.","detail":""}');
INSERT INTO "events" VALUES('ecee95a486163a67',1,1.79587771528380084036e+09,'started','{"kind":"started","device":"Processor of a laptop","engine":"","process":15618}');
INSERT INTO "events" VALUES('ecee95a486163a67',2,1.79587771529903793329e+09,'message','{"kind":"message","level":"info","text":"Training Starter on Processor of a laptop (CPU): 1,558,752 parameters stay frozen, 1,346,179 are trained."}');
INSERT INTO "events" VALUES('ecee95a486163a67',3,1.79587771530013060568e+09,'stage','{"kind":"stage","name":"Preparing the network","done":0,"total":0,"seconds_left":null,"unit":""}');
INSERT INTO "events" VALUES('ecee95a486163a67',4,1.79587771590925312039e+09,'stage','{"kind":"stage","name":"Computing features","done":0,"total":0,"seconds_left":null,"unit":"images"}');
INSERT INTO "events" VALUES('ecee95a486163a67',5,1.79587771595928692822e+09,'message','{"kind":"message","level":"info","text":"The features of 15 of 15 images were there already."}');
INSERT INTO "events" VALUES('ecee95a486163a67',6,1.79587771627509450913e+09,'batch','{"kind":"batch","phase":"head","epoch":1,"batch":1,"batches":2,"loss":1.0986123085021973,"accuracy":0.25}');
INSERT INTO "events" VALUES('ecee95a486163a67',7,1.79587771629466223712e+09,'epoch','{"kind":"epoch","phase":"head","epoch":1,"epochs":13,"loss":1.0277260184288024,"accuracy":0.3,"val_loss":0.1333358611120774,"val_accuracy":1.0,"confusion":[[2,0,0],[0,3,0],[0,0,0]],"learning_rate":0.01,"seconds":0.3239861090000886,"best":true}');
INSERT INTO "events" VALUES('ecee95a486163a67',8,1.79587771630737137794e+09,'stage','{"kind":"stage","name":"Saving the model","done":0,"total":0,"seconds_left":null,"unit":""}');
INSERT INTO "events" VALUES('ecee95a486163a67',9,1.79587771654377388952e+09,'message','{"kind":"message","level":"info","text":"Stopped: epoch 1 of 1 is kept, with a validation accuracy of 100.0%."}');
INSERT INTO "events" VALUES('ecee95a486163a67',11,1.7958777172199597359e+09,'stage','{"kind":"stage","name":"Evaluating","done":18,"total":18,"seconds_left":0.0,"unit":"images"}');
INSERT INTO "events" VALUES('ecee95a486163a67',12,1.79587771726060175898e+09,'ended','{"kind":"ended","status":"stopped","reason":"Stopped; the best epoch so far was kept and evaluated.","hint":"","detail":""}');
INSERT INTO "events" VALUES('346a10e704e8e174',1,1.79587771726533603671e+09,'started','{"kind":"started","device":"Processor of a laptop","engine":"","process":15618}');
INSERT INTO "events" VALUES('346a10e704e8e174',4,1.79587771729988336559e+09,'stage','{"kind":"stage","name":"Looking for copies","done":16,"total":16,"seconds_left":0.0,"unit":"images"}');
INSERT INTO "events" VALUES('346a10e704e8e174',5,1.79587771731345367427e+09,'ended','{"kind":"ended","status":"finished","reason":"","hint":"","detail":""}');
INSERT INTO "events" VALUES('784c736e9237eb9b',1,1.79587771732550168036e+09,'started','{"kind":"started","device":"Processor of a laptop","engine":"","process":15618}');
INSERT INTO "events" VALUES('784c736e9237eb9b',2,1.79587771733224201204e+09,'stage','{"kind":"stage","name":"Taking in images","done":0,"total":0,"seconds_left":null,"unit":"images"}');
INSERT INTO "events" VALUES('784c736e9237eb9b',3,1.7958777173431928158e+09,'ended','{"kind":"ended","status":"finished","reason":"","hint":"","detail":""}');
CREATE TABLE images (
	digest VARCHAR(64) NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	format VARCHAR(16) NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	brightness FLOAT NOT NULL, 
	contrast FLOAT NOT NULL, 
	sharpness FLOAT NOT NULL, 
	dhash VARCHAR(16) NOT NULL, 
	PRIMARY KEY (digest)
);
INSERT INTO "images" VALUES('1b50377c93594a0835479b982783e3898c3780a69ad76954b36676c9f2338b84',37,40,'PNG',197,0.5039,0.0835,298.84,'e7e7e0e106077f7f');
INSERT INTO "images" VALUES('804ec3fe349387304896c64cd3f5be547c416620e4783313b4f705f8e3622973',39,40,'PNG',202,0.5182,0.0855,382.81,'070718181818f8f8');
INSERT INTO "images" VALUES('10df077201d3b25d1225b2155e936a80ecdaaba24ea9b6e4affb3afe20e60521',40,40,'PNG',189,0.5299,0.0921,272.56,'f8f81f1f5f7fe6e6');
INSERT INTO "images" VALUES('592b1d7a1a0a65e28261eee276ede320f39bb4bfe7ef968e86a098c04e23bfe4',36,40,'PNG',197,0.5373,0.089,483.09,'1f1e78f81f1f1818');
INSERT INTO "images" VALUES('d995af548d536cc25e1d3f7c5197f0cdb903b89c325d20dd22037672da2b7dce',37,40,'PNG',199,0.4754,0.0762,365.54,'e6e61e18e0e0e0e0');
INSERT INTO "images" VALUES('b73c7b27e10f919330b0797222ec09ef8e003af86d0e0425ed0c5e46bbaabb8f',38,40,'PNG',197,0.5342,0.0843,262.51,'1f1f1f1f07070707');
INSERT INTO "images" VALUES('03ab3d63a70201f1108e1374a44cd401cbec6eb5f3306a9e09f2c29dd7bbb587',39,40,'PNG',202,0.4978,0.0456,116.2,'e0e0181818186666');
INSERT INTO "images" VALUES('fabc41fb2ed3b4e2eada0a7a5f4862d7f1891ed47d3a1ed749248af09b3d6c4a',40,40,'PNG',188,0.5301,0.1004,612.98,'1e1e078767e61818');
INSERT INTO "images" VALUES('ea2011296ca622bb09df44b263bd5b87450850d51b5f81f308f3d6ec2659f27b',38,40,'PNG',197,0.5272,0.0949,495.07,'1818f8f8e7e7f8f8');
INSERT INTO "images" VALUES('1508f258b93c83f70b7a5b9060bb4ae403d2903102afe4ff5b95c0070520fa6b',37,40,'PNG',195,0.4156,0.0934,466.72,'e7e67878e2e7e0e0');
INSERT INTO "images" VALUES('53af8c559638fbc18164b4a4f800dd0b9328cd882b72d19b06d59a7d1c7d8d24',39,40,'PNG',201,0.4292,0.0983,650.64,'6767181867676767');
INSERT INTO "images" VALUES('d96c686d80c090b5f8da245e2f0cdb0ad9b26cc41f0fa095ed55d6d8984a6c88',40,40,'PNG',187,0.4703,0.0936,345.64,'7878fe7e18180707');
INSERT INTO "images" VALUES('3cdae4c9eb172278c4300a638ab639c3bb5b9c6f5dceae4cb922368bceffb5c1',36,40,'PNG',196,0.4417,0.0865,408.9,'7ff7e2e207065f7e');
INSERT INTO "images" VALUES('3f7ff178fbdbc93581be14eac39e023a0a6254ca185a6ce75ddc555980d907ff',37,40,'PNG',198,0.45,0.0749,376.68,'181858181f1ffbf8');
INSERT INTO "images" VALUES('a1bbab24461f489d37307105b1c605145a610ef3d96953cc7cfa4fa5d06d437d',38,40,'PNG',198,0.4383,0.0752,239.31,'7e7e1f0600407e7f');
INSERT INTO "images" VALUES('3ca7326abdeb8c6bd4a20a416314ff9bc1e7ae55792085422010e097ba47aa55',39,40,'PNG',200,0.4216,0.0752,396.48,'0767e6e01e1e6060');
INSERT INTO "images" VALUES('5c08fd6ee1a87bc73c85babb9a78eeb3328de4bbd5e4bdb0e83f42ab8e664dd2',40,40,'PNG',186,0.4907,0.0956,391.94,'e0e0e0e000001f1f');
INSERT INTO "images" VALUES('ddb868a46afd14edef13d67856fd612ab4bd4f1a2b048314cf370e974f0abf1e',38,40,'PNG',200,0.4493,0.0929,378.09,'1838e6e618186060');
INSERT INTO "images" VALUES('44a47b81b727f7616be63ceb985bc14ef07a2c2f208bd76e8177071cc7f0541b',36,40,'PNG',201,0.2919,0.0987,402.27,'60e078fe1f1f1a18');
INSERT INTO "images" VALUES('f71f5956220ecc71be5e44831d66fa497d02b24be542f824250b59169bb4375b',37,40,'PNG',208,0.3096,0.0969,655.84,'e7e6e0e007070707');
INSERT INTO "images" VALUES('7dab20b32540f4b6f728d13511ede4f777b7873b7784d682bb7f681719f5bb4d',37,40,'BMP',4534,0.4156,0.0934,466.72,'e7e67878e2e7e0e0');
CREATE TABLE items (
	id VARCHAR(16) NOT NULL, 
	project_id VARCHAR(16) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	label_id VARCHAR(16), 
	split VARCHAR(10), 
	split_fixed BOOLEAN NOT NULL, 
	excluded BOOLEAN NOT NULL, 
	name TEXT NOT NULL, 
	group_name TEXT, 
	position INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT ck_items_split CHECK (split IN ('train', 'validation', 'test')), 
	FOREIGN KEY(digest) REFERENCES images (digest), 
	FOREIGN KEY(label_id) REFERENCES labels (id) ON DELETE SET NULL, 
	FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
INSERT INTO "items" VALUES('f13a0989bdd570c8','ad1cb81aba01839b','1b50377c93594a0835479b982783e3898c3780a69ad76954b36676c9f2338b84','4c7e3f89932ffe3e','train',0,0,'Beech/Beech-0.png',NULL,1);
INSERT INTO "items" VALUES('48b37a62f838a878','ad1cb81aba01839b','804ec3fe349387304896c64cd3f5be547c416620e4783313b4f705f8e3622973','4c7e3f89932ffe3e','train',0,1,'Beech/Beech-14.png',NULL,2);
INSERT INTO "items" VALUES('f292abde6e833bd7','ad1cb81aba01839b','10df077201d3b25d1225b2155e936a80ecdaaba24ea9b6e4affb3afe20e60521','4c7e3f89932ffe3e','train',0,1,'Beech/Beech-21.png',NULL,3);
INSERT INTO "items" VALUES('f69eaed121a08686','ad1cb81aba01839b','b73c7b27e10f919330b0797222ec09ef8e003af86d0e0425ed0c5e46bbaabb8f','4c7e3f89932ffe3e','validation',0,0,'Beech/Beech-42.png',NULL,6);
INSERT INTO "items" VALUES('61e1b840e3f18fe1','ad1cb81aba01839b','03ab3d63a70201f1108e1374a44cd401cbec6eb5f3306a9e09f2c29dd7bbb587','4c7e3f89932ffe3e','validation',0,0,'Beech/Beech-49.png',NULL,7);
INSERT INTO "items" VALUES('84503578a0a376d4','ad1cb81aba01839b','fabc41fb2ed3b4e2eada0a7a5f4862d7f1891ed47d3a1ed749248af09b3d6c4a','4c7e3f89932ffe3e','train',0,0,'Beech/Beech-56.png',NULL,8);
INSERT INTO "items" VALUES('fa01ab638df34c18','ad1cb81aba01839b','ea2011296ca622bb09df44b263bd5b87450850d51b5f81f308f3d6ec2659f27b','4c7e3f89932ffe3e','test',0,0,'Beech/Beech-7.png',NULL,9);
INSERT INTO "items" VALUES('4e9dbc66d2f31b2d','ad1cb81aba01839b','1508f258b93c83f70b7a5b9060bb4ae403d2903102afe4ff5b95c0070520fa6b','6fa4549427f796a8','train',0,0,'oak/oak-0.png',NULL,10);
INSERT INTO "items" VALUES('f9ea82ddce5c6ea5','ad1cb81aba01839b','53af8c559638fbc18164b4a4f800dd0b9328cd882b72d19b06d59a7d1c7d8d24','6fa4549427f796a8','validation',0,0,'oak/oak-14.png',NULL,11);
INSERT INTO "items" VALUES('7900efa31c929a7f','ad1cb81aba01839b','d96c686d80c090b5f8da245e2f0cdb0ad9b26cc41f0fa095ed55d6d8984a6c88','6fa4549427f796a8','train',0,0,'oak/oak-21.png',NULL,12);
INSERT INTO "items" VALUES('3de2e0b8d9e21ec4','ad1cb81aba01839b','3cdae4c9eb172278c4300a638ab639c3bb5b9c6f5dceae4cb922368bceffb5c1','6fa4549427f796a8','train',0,0,'oak/oak-28.png',NULL,13);
INSERT INTO "items" VALUES('f7d06c6d67bde53e','ad1cb81aba01839b','3f7ff178fbdbc93581be14eac39e023a0a6254ca185a6ce75ddc555980d907ff','6fa4549427f796a8','test',0,0,'oak/oak-35.png',NULL,14);
INSERT INTO "items" VALUES('6201aedbc76cfd94','ad1cb81aba01839b','a1bbab24461f489d37307105b1c605145a610ef3d96953cc7cfa4fa5d06d437d','6fa4549427f796a8','train',0,0,'oak/oak-42.png',NULL,15);
INSERT INTO "items" VALUES('89c7527bdf2b9ae8','ad1cb81aba01839b','3ca7326abdeb8c6bd4a20a416314ff9bc1e7ae55792085422010e097ba47aa55','6fa4549427f796a8','validation',0,0,'oak/oak-49.png',NULL,16);
INSERT INTO "items" VALUES('d5ec167b73b04e17','ad1cb81aba01839b','5c08fd6ee1a87bc73c85babb9a78eeb3328de4bbd5e4bdb0e83f42ab8e664dd2','6fa4549427f796a8','test',0,0,'oak/oak-56.png',NULL,17);
INSERT INTO "items" VALUES('e67f4421ae90b9cc','ad1cb81aba01839b','ddb868a46afd14edef13d67856fd612ab4bd4f1a2b048314cf370e974f0abf1e','6fa4549427f796a8','validation',0,0,'oak/oak-7.png',NULL,18);
INSERT INTO "items" VALUES('962a1425dd30f9b7','ad1cb81aba01839b','44a47b81b727f7616be63ceb985bc14ef07a2c2f208bd76e8177071cc7f0541b','3ca1b2497f01c073','train',0,0,'ash-0.png','burst 1',19);
INSERT INTO "items" VALUES('0b874a0d3771002c','ad1cb81aba01839b','f71f5956220ecc71be5e44831d66fa497d02b24be542f824250b59169bb4375b','3ca1b2497f01c073','train',0,0,'ash-1.png','burst 1',20);
INSERT INTO "items" VALUES('3e5c3a236115adb6','ad1cb81aba01839b','7dab20b32540f4b6f728d13511ede4f777b7873b7784d682bb7f681719f5bb4d','6fa4549427f796a8','train',0,0,'again.bmp',NULL,21);
INSERT INTO "items" VALUES('0926c7342f9c6011','ad1cb81aba01839b','d995af548d536cc25e1d3f7c5197f0cdb903b89c325d20dd22037672da2b7dce','4c7e3f89932ffe3e','train',0,0,'Beech/Beech-35.png',NULL,5);
INSERT INTO "items" VALUES('aa0d6c6347f1c128','60f9da980dd05c67','1b50377c93594a0835479b982783e3898c3780a69ad76954b36676c9f2338b84','b39e097a9f2752ab','train',0,0,'Beech/Beech-0.png',NULL,1);
INSERT INTO "items" VALUES('97a97ed7102d82bb','60f9da980dd05c67','804ec3fe349387304896c64cd3f5be547c416620e4783313b4f705f8e3622973','b39e097a9f2752ab',NULL,0,1,'Beech/Beech-14.png',NULL,2);
INSERT INTO "items" VALUES('a833bf71c1021d5a','60f9da980dd05c67','10df077201d3b25d1225b2155e936a80ecdaaba24ea9b6e4affb3afe20e60521','b39e097a9f2752ab',NULL,0,1,'Beech/Beech-21.png',NULL,3);
INSERT INTO "items" VALUES('7b484e53210d2fb8','60f9da980dd05c67','d995af548d536cc25e1d3f7c5197f0cdb903b89c325d20dd22037672da2b7dce','b39e097a9f2752ab','train',0,0,'Beech/Beech-35.png',NULL,4);
INSERT INTO "items" VALUES('b2e635cb0881d879','60f9da980dd05c67','b73c7b27e10f919330b0797222ec09ef8e003af86d0e0425ed0c5e46bbaabb8f','b39e097a9f2752ab','validation',0,0,'Beech/Beech-42.png',NULL,5);
INSERT INTO "items" VALUES('3c4de1e6b52acca0','60f9da980dd05c67','03ab3d63a70201f1108e1374a44cd401cbec6eb5f3306a9e09f2c29dd7bbb587','b39e097a9f2752ab','train',0,0,'Beech/Beech-49.png',NULL,6);
INSERT INTO "items" VALUES('f7307443c9b6917d','60f9da980dd05c67','fabc41fb2ed3b4e2eada0a7a5f4862d7f1891ed47d3a1ed749248af09b3d6c4a','b39e097a9f2752ab','train',0,0,'Beech/Beech-56.png',NULL,7);
INSERT INTO "items" VALUES('50f50ee8460ccc17','60f9da980dd05c67','ea2011296ca622bb09df44b263bd5b87450850d51b5f81f308f3d6ec2659f27b','b39e097a9f2752ab','test',0,0,'Beech/Beech-7.png',NULL,8);
INSERT INTO "items" VALUES('39410317224a28d0','60f9da980dd05c67','1508f258b93c83f70b7a5b9060bb4ae403d2903102afe4ff5b95c0070520fa6b','fa6eb6affbcbe6be','train',0,0,'oak/oak-0.png',NULL,9);
INSERT INTO "items" VALUES('c1e6a4fbc48ab939','60f9da980dd05c67','53af8c559638fbc18164b4a4f800dd0b9328cd882b72d19b06d59a7d1c7d8d24','fa6eb6affbcbe6be','validation',0,0,'oak/oak-14.png',NULL,10);
INSERT INTO "items" VALUES('ebe6010db24e10b7','60f9da980dd05c67','d96c686d80c090b5f8da245e2f0cdb0ad9b26cc41f0fa095ed55d6d8984a6c88','fa6eb6affbcbe6be','validation',0,0,'oak/oak-21.png',NULL,11);
INSERT INTO "items" VALUES('e7c2891835e983be','60f9da980dd05c67','3cdae4c9eb172278c4300a638ab639c3bb5b9c6f5dceae4cb922368bceffb5c1','fa6eb6affbcbe6be','train',0,0,'oak/oak-28.png',NULL,12);
INSERT INTO "items" VALUES('88b89c3e3d45c375','60f9da980dd05c67','3f7ff178fbdbc93581be14eac39e023a0a6254ca185a6ce75ddc555980d907ff','fa6eb6affbcbe6be','train',0,0,'oak/oak-35.png',NULL,13);
INSERT INTO "items" VALUES('f451dcf58998aef0','60f9da980dd05c67','a1bbab24461f489d37307105b1c605145a610ef3d96953cc7cfa4fa5d06d437d','fa6eb6affbcbe6be','train',0,0,'oak/oak-42.png',NULL,14);
INSERT INTO "items" VALUES('3ca0a3556a496cc9','60f9da980dd05c67','3ca7326abdeb8c6bd4a20a416314ff9bc1e7ae55792085422010e097ba47aa55','fa6eb6affbcbe6be','train',0,0,'oak/oak-49.png',NULL,15);
INSERT INTO "items" VALUES('3d17590a3aadee8e','60f9da980dd05c67','5c08fd6ee1a87bc73c85babb9a78eeb3328de4bbd5e4bdb0e83f42ab8e664dd2','fa6eb6affbcbe6be','train',0,0,'oak/oak-56.png',NULL,16);
INSERT INTO "items" VALUES('d38ffa4d128fdab3','60f9da980dd05c67','ddb868a46afd14edef13d67856fd612ab4bd4f1a2b048314cf370e974f0abf1e','fa6eb6affbcbe6be','test',0,0,'oak/oak-7.png',NULL,17);
INSERT INTO "items" VALUES('97b20da5bdb44472','60f9da980dd05c67','7dab20b32540f4b6f728d13511ede4f777b7873b7784d682bb7f681719f5bb4d','fa6eb6affbcbe6be','train',0,0,'again.bmp',NULL,18);
CREATE TABLE jobs (
	id VARCHAR(16) NOT NULL, 
	project_id VARCHAR(16) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	arguments JSON NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	created_at FLOAT NOT NULL, 
	started_at FLOAT, 
	ended_at FLOAT, 
	stop_requested BOOLEAN NOT NULL, 
	result JSON, 
	PRIMARY KEY (id), 
	CONSTRAINT ck_jobs_status CHECK (status IN ('queued', 'running', 'finished', 'stopped', 'failed')), 
	FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
INSERT INTO "jobs" VALUES('e391171754ca6eb0','ad1cb81aba01839b','take-in','{"paths": ["{workspace}/uploads/0a1b2c3d/leaves"], "remove": true}','finished',1.7958776889832203388e+09,1.79587768899740171432e+09,1.79587769001591920849e+09,0,'{"taken": 18, "refused": 1}');
INSERT INTO "jobs" VALUES('000ea15a8213884f','ad1cb81aba01839b','take-in','{"paths": ["{workspace}/uploads/4e5f6071/ash-0.png", "{workspace}/uploads/4e5f6071/ash-1.png"], "label": "ash", "group": "burst 1", "pictures": true, "remove": true}','finished',1.79587769002303504939e+09,1.79587769002388072015e+09,1.79587769054450559613e+09,0,'{"taken": 2, "refused": 0, "kept": {"sets": 1, "images": 2, "largest": [{"name": "burst 1", "kinds": ["group"], "images": 2, "splits": ["train"]}]}}');
INSERT INTO "jobs" VALUES('1da2ff0cc8922d8e','ad1cb81aba01839b','take-in','{"paths": ["{workspace}/uploads/91/again.bmp"], "label": "oak", "remove": true}','finished',1.79587769055764865872e+09,1.79587769056328058238e+09,1.79587769112386822704e+09,0,'{"taken": 1, "refused": 0, "kept": {"sets": 2, "images": 4, "largest": [{"name": "oak/oak-0.png", "kinds": ["copies"], "images": 2, "splits": ["train"]}, {"name": "burst 1", "kinds": ["group"], "images": 2, "splits": ["train"]}]}}');
INSERT INTO "jobs" VALUES('fde0c533d7f805b3','ad1cb81aba01839b','draw-splits','{"shares": [50, 25, 25], "seed": 3}','finished',1.79587769113088369368e+09,1.79587769113194942478e+09,1795877691.21361,0,'{"kept": {"sets": 2, "images": 4, "largest": [{"name": "oak/oak-0.png", "kinds": ["copies"], "images": 2, "splits": ["train"]}, {"name": "burst 1", "kinds": ["group"], "images": 2, "splits": ["train"]}]}}');
INSERT INTO "jobs" VALUES('f4ece02b6b75c851','ad1cb81aba01839b','train','{}','finished',1.79587769129038166996e+09,1.7958776912933046818e+09,1.7958777031308414936e+09,0,'{"seconds": {"prepare": 0.8865954490001968, "features": 1.6109699710000314, "head": 0.6861974799999189, "save": 0.32707460500000707, "evaluate": 0.9688766110000415}}');
INSERT INTO "jobs" VALUES('fe88050d5afb5a56','ad1cb81aba01839b','check','{"recipe": "{\n  \"version\": 1,\n  \"backbone\": {\n    \"name\": \"Starter\",\n    \"weights\": \"starter\",\n    \"weights_file\": null,\n    \"input_size\": 32\n  },\n  \"strategy\": \"feature-extraction\",\n  \"cut\": null,\n  \"frozen_layers\": null,\n  \"resize\": \"crop\",\n  \"background\": \"#ffffff\",\n  \"head\": {\n    \"pooling\": \"average\",\n    \"dropout\": 0.2,\n    \"hidden_units\": null\n  },\n  \"augmentation\": {\n    \"views\": 0,\n    \"flip_horizontal\": true,\n    \"flip_vertical\": false,\n    \"rotation\": 10.0,\n    \"zoom\": 0.1,\n    \"shift\": 0.05,\n    \"brightness\": 0.1,\n    \"contrast\": 0.1\n  },\n  \"head_phase\": {\n    \"epochs\": 2,\n    \"learning_rate\": 0.01\n  },\n  \"fine_tune_phase\": {\n    \"epochs\": 10,\n    \"learning_rate\": 0.0001\n  },\n  \"batch_size\": 8,\n  \"optimizer\": \"adam\",\n  \"early_stopping\": 5,\n  \"class_weights\": false,\n  \"batch_norm\": \"frozen\",\n  \"precision\": \"float32\",\n  \"seed\": 0\n}"}','finished',1.79587770313362097736e+09,1.79587770313854885101e+09,1.79587771058112812038e+09,0,'{"images": 18, "network": "Starter", "findings": [{"check": "conflicting-labels", "summary": "No picture is in two classes.", "items": [], "sets": [], "notes": {}, "repair": null}, {"check": "leaks", "summary": "Nothing is in two splits at once.", "items": [], "sets": [], "notes": {}, "repair": null}, {"check": "mislabelled", "summary": "No image looks like another class than its own.", "items": [], "sets": [], "notes": {}, "repair": null}, {"check": "shortcut", "summary": "The border alone gives the class away: 100% right from the border alone, 100% from the whole image. The model may learn the background or a frame instead of the thing; crop the images, or photograph each class against the same backgrounds.", "items": ["f7d06c6d67bde53e", "e67f4421ae90b9cc", "3de2e0b8d9e21ec4", "89c7527bdf2b9ae8", "d5ec167b73b04e17", "61e1b840e3f18fe1", "84503578a0a376d4", "4e9dbc66d2f31b2d", "3e5c3a236115adb6", "0926c7342f9c6011", "f9ea82ddce5c6ea5", "fa01ab638df34c18", "f69eaed121a08686", "7900efa31c929a7f", "f13a0989bdd570c8", "6201aedbc76cfd94"], "sets": [], "notes": {}, "repair": null}, {"check": "near-copies", "summary": "2 images are nearly the same as another one, in 1 set. In different splits they would make the test too easy; Graft draws splits in which each set stays whole.", "items": ["4e9dbc66d2f31b2d", "3e5c3a236115adb6"], "sets": [2], "notes": {}, "repair": {"action": "exclude", "title": "Keep one of each, set the others aside", "items": ["3e5c3a236115adb6"], "labels": [], "preselected": true}}, {"check": "bursts", "summary": "There are no bursts.", "items": [], "sets": [], "notes": {}, "repair": null}, {"check": "exact-copies", "summary": "No file is there twice.", "items": [], "sets": [], "notes": {}, "repair": null}, {"check": "strangers", "summary": "No image is unlike all others.", "items": [], "sets": [], "notes": {}, "repair": null}, {"check": "lookalikes", "summary": "No two classes look alike.", "items": [], "sets": [], "notes": {}, "repair": null}, {"check": "class-balance", "summary": "Fewer than 20 images: Beech (6), oak (10), ash (2). Add more, results will be unsure. The largest class has 5 times the images of the smallest: turn class weights on, and look at balanced accuracy.", "items": ["962a1425dd30f9b7", "0b874a0d3771002c", "f13a0989bdd570c8", "0926c7342f9c6011", "f69eaed121a08686", "61e1b840e3f18fe1", "84503578a0a376d4", "fa01ab638df34c18", "4e9dbc66d2f31b2d", "f9ea82ddce5c6ea5", "7900efa31c929a7f", "3de2e0b8d9e21ec4", "f7d06c6d67bde53e", "6201aedbc76cfd94", "89c7527bdf2b9ae8", "d5ec167b73b04e17", "e67f4421ae90b9cc", "3e5c3a236115adb6"], "sets": [], "notes": {}, "repair": null}, {"check": "too-dark", "summary": "No image is too dark.", "items": [], "sets": [], "notes": {}, "repair": null}, {"check": "too-bright", "summary": "No image is too bright.", "items": [], "sets": [], "notes": {}, "repair": null}, {"check": "low-contrast", "summary": "Every image has contrast.", "items": [], "sets": [], "notes": {}, "repair": null}, {"check": "blurred", "summary": "No image is far more blurred than the others.", "items": [], "sets": [], "notes": {}, "repair": null}, {"check": "tiny", "summary": "No image is too small.", "items": [], "sets": [], "notes": {}, "repair": null}, {"check": "odd-aspect", "summary": "No image is far from square.", "items": [], "sets": [], "notes": {}, "repair": null}], "splits": {"images": 16, "sets": 2, "in_sets": 4, "seeds": 3, "random": {"value": 1.0, "low": 0.7873379843472963, "high": 1.0}, "honest": {"value": 1.0, "low": 0.7873379843472963, "high": 1.0}, "gap": {"value": 0.0, "low": 0.0, "high": 0.0}, "random_by_seed": [1.0, 1.0, 1.0], "honest_by_seed": [1.0, 1.0, 1.0]}}');
INSERT INTO "jobs" VALUES('eace1109fc839d6d','ad1cb81aba01839b','cross-validate','{"folds": 3, "seed": 1, "recipe": "{\n  \"version\": 1,\n  \"backbone\": {\n    \"name\": \"Starter\",\n    \"weights\": \"starter\",\n    \"weights_file\": null,\n    \"input_size\": 32\n  },\n  \"strategy\": \"feature-extraction\",\n  \"cut\": null,\n  \"frozen_layers\": null,\n  \"resize\": \"crop\",\n  \"background\": \"#ffffff\",\n  \"head\": {\n    \"pooling\": \"average\",\n    \"dropout\": 0.2,\n    \"hidden_units\": null\n  },\n  \"augmentation\": {\n    \"views\": 0,\n    \"flip_horizontal\": true,\n    \"flip_vertical\": false,\n    \"rotation\": 10.0,\n    \"zoom\": 0.1,\n    \"shift\": 0.05,\n    \"brightness\": 0.1,\n    \"contrast\": 0.1\n  },\n  \"head_phase\": {\n    \"epochs\": 2,\n    \"learning_rate\": 0.01\n  },\n  \"fine_tune_phase\": {\n    \"epochs\": 10,\n    \"learning_rate\": 0.0001\n  },\n  \"batch_size\": 8,\n  \"optimizer\": \"adam\",\n  \"early_stopping\": 5,\n  \"class_weights\": false,\n  \"batch_norm\": \"frozen\",\n  \"precision\": \"float32\",\n  \"seed\": 0\n}"}','finished',1.79587771059212231638e+09,1.79587771059304404262e+09,1.79587771126788759224e+09,0,'{"network": "Starter", "measured": {"images": 13, "left_out": 2, "folds": 3, "seed": 1, "sets": 2, "by_fold": [1.0, 1.0, 1.0], "spread": 0.0, "accuracy": {"value": 1.0, "low": 0.7457355762693508, "high": 0.9999999999999999}, "classes": ["Beech", "oak", "ash"], "confusion": [[5, 0, 0], [0, 8, 0], [0, 0, 0]]}}');
INSERT INTO "jobs" VALUES('b60ad5a40af9251f','ad1cb81aba01839b','take-out','{}','finished',1.79587771127947449685e+09,1.79587771128081727031e+09,1.79587771136036682129e+09,0,'{"zip": "{workspace}/datasets/ad1cb81aba01839b.zip", "images": 20, "missing": []}');
INSERT INTO "jobs" VALUES('59f56fbbaa97114d','ad1cb81aba01839b','predict','{"run": "f4ece02b6b75c851", "paths": ["{workspace}/uploads/new.png"]}','finished',1.79587771137187266349e+09,1.79587771137287378312e+09,1.79587771237192749974e+09,0,'{"classes": ["Beech", "oak", "ash"], "probabilities": [[3.3769005386488406e-13, 0.9999999999811711, 1.8491309177955267e-11]], "unlike_training": [false]}');
INSERT INTO "jobs" VALUES('eb1a58d3689d9c67','ad1cb81aba01839b','explain','{"run": "f4ece02b6b75c851", "digest": "b73c7b27e10f919330b0797222ec09ef8e003af86d0e0425ed0c5e46bbaabb8f", "name": "Beech/Beech-42.png", "class": 0, "method": "grad-cam"}','finished',1.79587771237450933453e+09,1.79587771237540555005e+09,1.79587771242378187175e+09,0,'{"square": "{workspace}/runs/f4ece02b6b75c851/explanations/8bad9bd732184373e5c00305dac46ca1.png", "heat": "{workspace}/runs/f4ece02b6b75c851/explanations/8bad9bd732184373e5c00305dac46ca1-0-grad-cam.png"}');
INSERT INTO "jobs" VALUES('79508f5282a7602a','ad1cb81aba01839b','map','{"run": "f4ece02b6b75c851"}','finished',1.79587771242608737944e+09,1.79587771242683744425e+09,1.79587771361914753909e+09,0,'{"file": "{workspace}/runs/f4ece02b6b75c851/neighbours.npz", "images": 18}');
INSERT INTO "jobs" VALUES('154f60840b6574cf','ad1cb81aba01839b','export','{"run": "f4ece02b6b75c851", "formats": ["keras"]}','finished',1.79587771362111282349e+09,1.79587771363030743601e+09,1.79587771518499040605e+09,0,'{"bundle": "{workspace}/runs/f4ece02b6b75c851/bundle-keras.zip", "certificate": {"version": 1, "images": 3, "formats": {"model.keras": {"largest_difference": 5.491097099241671e-08, "same_class": 3, "tolerance": 0.0001}}, "left_out": {}, "made_with": {"keras": "3.15.1", "tensorflow": "2.21.0", "numpy": "2.4.6", "pillow": "13.0.0"}}}');
INSERT INTO "jobs" VALUES('d4beed381db0b5f3','ad1cb81aba01839b','download-weights','{"backbone": "MobileNetV2"}','failed',1.79587771519088435171e+09,1.79587771519161486623e+09,1.79587771526507306097e+09,0,'null');
INSERT INTO "jobs" VALUES('9df64e946e581292','ad1cb81aba01839b','train','{}','stopped',1.79587771527231550216e+09,NULL,1.79587771527487158771e+09,1,NULL);
INSERT INTO "jobs" VALUES('ecee95a486163a67','ad1cb81aba01839b','train','{}','stopped',1.79587771527617716784e+09,1.7958777152775733471e+09,1.79587771726116847987e+09,0,'null');
INSERT INTO "jobs" VALUES('346a10e704e8e174','60f9da980dd05c67','take-in','{"project": "ad1cb81aba01839b", "classes": ["6fa4549427f796a8", "4c7e3f89932ffe3e"]}','finished',1.79587771726319336894e+09,1.79587771726391148569e+09,1.79587771731405162808e+09,0,'{"taken": 18, "refused": 0, "there": 0, "kept": {"sets": 1, "images": 2, "largest": [{"name": "oak/oak-0.png", "kinds": ["copies"], "images": 2, "splits": ["train"]}]}}');
INSERT INTO "jobs" VALUES('784c736e9237eb9b','60f9da980dd05c67','take-in','{"paths": ["{workspace}/uploads/guess"]}','finished',1.7958777173223617077e+09,1.79587771732347726821e+09,1.79587771734415984148e+09,0,'{"taken": 0, "refused": 0, "guess": {"classes": [{"name": "elm", "images": 3, "examples": ["elm_0.png", "elm_1.png", "elm_2.png"]}, {"name": "oak", "images": 3, "examples": ["oak_0.png", "oak_1.png", "oak_2.png"]}], "rows": null, "unnamed": 0}}');
INSERT INTO "jobs" VALUES('545775007166f26f','60f9da980dd05c67','take-in','{"paths": ["{workspace}/uploads/guess"], "names": {"oak": "oak", "elm": "elm"}}','queued',1.79587771735011792178e+09,NULL,NULL,0,NULL);
INSERT INTO "jobs" VALUES('bacb40ea8d6bec3f','60f9da980dd05c67','train','{}','queued',1.7958777173512289524e+09,NULL,NULL,0,NULL);
CREATE TABLE labels (
	id VARCHAR(16) NOT NULL, 
	project_id VARCHAR(16) NOT NULL, 
	name TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE, 
	CONSTRAINT uq_labels_project_name UNIQUE (project_id, name)
);
INSERT INTO "labels" VALUES('4c7e3f89932ffe3e','ad1cb81aba01839b','Beech',0);
INSERT INTO "labels" VALUES('6fa4549427f796a8','ad1cb81aba01839b','oak',1);
INSERT INTO "labels" VALUES('3ca1b2497f01c073','ad1cb81aba01839b','ash',2);
INSERT INTO "labels" VALUES('2f4ba84f86b249e1','ad1cb81aba01839b','empty',3);
INSERT INTO "labels" VALUES('fa6eb6affbcbe6be','60f9da980dd05c67','oak',0);
INSERT INTO "labels" VALUES('b39e097a9f2752ab','60f9da980dd05c67','Beech',1);
CREATE TABLE projects (
	id VARCHAR(16) NOT NULL, 
	name TEXT NOT NULL, 
	created_at FLOAT NOT NULL, 
	updated_at FLOAT NOT NULL, 
	draft TEXT, 
	draft_revision INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "projects" VALUES('ad1cb81aba01839b','Leaves',1.79587768895439672473e+09,1.79587771527617716784e+09,'{"recipe":{"version":1,"backbone":{"name":"Starter","weights":"starter","weights_file":null,"input_size":32},"strategy":"feature-extraction","cut":null,"frozen_layers":null,"resize":"crop","background":"#ffffff","head":{"pooling":"average","dropout":0.2,"hidden_units":null},"augmentation":{"views":0,"flip_horizontal":true,"flip_vertical":false,"rotation":10.0,"zoom":0.1,"shift":0.05,"brightness":0.1,"contrast":0.1},"head_phase":{"epochs":2,"learning_rate":0.01},"fine_tune_phase":{"epochs":10,"learning_rate":0.0001},"batch_size":8,"optimizer":"adam","early_stopping":5,"class_weights":false,"batch_norm":"frozen","precision":"float32","seed":0},"shares":[50,25,25],"split_seed":3}',1);
INSERT INTO "projects" VALUES('60f9da980dd05c67','Copies of leaves',1.79587771726235246663e+09,1.7958777173512289524e+09,NULL,0);
CREATE TABLE refusals (
	id VARCHAR(16) NOT NULL, 
	project_id VARCHAR(16) NOT NULL, 
	name TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	at FLOAT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
INSERT INTO "refusals" VALUES('a837ae29810df9ff','ad1cb81aba01839b','oak/broken.png','The image is cut off: part of its data is missing.',1.79587768993970656392e+09);
CREATE TABLE runs (
	id VARCHAR(16) NOT NULL, 
	project_id VARCHAR(16) NOT NULL, 
	name TEXT NOT NULL, 
	recipe TEXT NOT NULL, 
	summary JSON, 
	PRIMARY KEY (id), 
	FOREIGN KEY(id) REFERENCES jobs (id) ON DELETE CASCADE, 
	FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
);
INSERT INTO "runs" VALUES('f4ece02b6b75c851','ad1cb81aba01839b','Run 1','{
  "version": 1,
  "backbone": {
    "name": "Starter",
    "weights": "starter",
    "weights_file": null,
    "input_size": 32
  },
  "strategy": "feature-extraction",
  "cut": null,
  "frozen_layers": null,
  "resize": "crop",
  "background": "#ffffff",
  "head": {
    "pooling": "average",
    "dropout": 0.2,
    "hidden_units": null
  },
  "augmentation": {
    "views": 0,
    "flip_horizontal": true,
    "flip_vertical": false,
    "rotation": 10.0,
    "zoom": 0.1,
    "shift": 0.05,
    "brightness": 0.1,
    "contrast": 0.1
  },
  "head_phase": {
    "epochs": 2,
    "learning_rate": 0.01
  },
  "fine_tune_phase": {
    "epochs": 10,
    "learning_rate": 0.0001
  },
  "batch_size": 8,
  "optimizer": "adam",
  "early_stopping": 5,
  "class_weights": false,
  "batch_norm": "frozen",
  "precision": "float32",
  "seed": 0
}','{"validation_accuracy": 1.0, "validation_interval": [0.4781762498950185, 1.0], "validation_loss": 0.0201375536750573, "test_accuracy": 1.0, "test_interval": [0.2924017738212866, 1.0], "epochs": 2, "seconds": 4.479714116000196}');
INSERT INTO "runs" VALUES('9df64e946e581292','ad1cb81aba01839b','Run 2','{
  "version": 1,
  "backbone": {
    "name": "Starter",
    "weights": "starter",
    "weights_file": null,
    "input_size": 32
  },
  "strategy": "feature-extraction",
  "cut": null,
  "frozen_layers": null,
  "resize": "crop",
  "background": "#ffffff",
  "head": {
    "pooling": "average",
    "dropout": 0.2,
    "hidden_units": null
  },
  "augmentation": {
    "views": 0,
    "flip_horizontal": true,
    "flip_vertical": false,
    "rotation": 10.0,
    "zoom": 0.1,
    "shift": 0.05,
    "brightness": 0.1,
    "contrast": 0.1
  },
  "head_phase": {
    "epochs": 2,
    "learning_rate": 0.01
  },
  "fine_tune_phase": {
    "epochs": 10,
    "learning_rate": 0.0001
  },
  "batch_size": 8,
  "optimizer": "adam",
  "early_stopping": 5,
  "class_weights": false,
  "batch_norm": "frozen",
  "precision": "float32",
  "seed": 0
}',NULL);
INSERT INTO "runs" VALUES('ecee95a486163a67','ad1cb81aba01839b','Run 3','{
  "version": 1,
  "backbone": {
    "name": "Starter",
    "weights": "starter",
    "weights_file": null,
    "input_size": 32
  },
  "strategy": "partial",
  "cut": null,
  "frozen_layers": 40,
  "resize": "crop",
  "background": "#ffffff",
  "head": {
    "pooling": "average",
    "dropout": 0.2,
    "hidden_units": null
  },
  "augmentation": {
    "views": 0,
    "flip_horizontal": true,
    "flip_vertical": false,
    "rotation": 10.0,
    "zoom": 0.1,
    "shift": 0.05,
    "brightness": 0.1,
    "contrast": 0.1
  },
  "head_phase": {
    "epochs": 3,
    "learning_rate": 0.01
  },
  "fine_tune_phase": {
    "epochs": 10,
    "learning_rate": 0.0001
  },
  "batch_size": 8,
  "optimizer": "adam",
  "early_stopping": 5,
  "class_weights": false,
  "batch_norm": "frozen",
  "precision": "float32",
  "seed": 0
}','{"validation_accuracy": 1.0, "validation_interval": [0.4781762498950185, 1.0], "validation_loss": 0.13325711687125313, "test_accuracy": 1.0, "test_interval": [0.2924017738212866, 1.0], "epochs": 1, "seconds": 1.9377089780005008}');
INSERT INTO "runs" VALUES('bacb40ea8d6bec3f','60f9da980dd05c67','Run 1','{
  "version": 1,
  "backbone": {
    "name": "Starter",
    "weights": "starter",
    "weights_file": null,
    "input_size": 32
  },
  "strategy": "feature-extraction",
  "cut": null,
  "frozen_layers": null,
  "resize": "crop",
  "background": "#ffffff",
  "head": {
    "pooling": "average",
    "dropout": 0.2,
    "hidden_units": null
  },
  "augmentation": {
    "views": 0,
    "flip_horizontal": true,
    "flip_vertical": false,
    "rotation": 10.0,
    "zoom": 0.1,
    "shift": 0.05,
    "brightness": 0.1,
    "contrast": 0.1
  },
  "head_phase": {
    "epochs": 2,
    "learning_rate": 0.01
  },
  "fine_tune_phase": {
    "epochs": 10,
    "learning_rate": 0.0001
  },
  "batch_size": 8,
  "optimizer": "adam",
  "early_stopping": 5,
  "class_weights": false,
  "batch_norm": "frozen",
  "precision": "float32",
  "seed": 0
}',NULL);
CREATE INDEX ix_edits_project ON edits (project_id, at);
CREATE INDEX ix_jobs_project ON jobs (project_id, kind);
CREATE INDEX ix_jobs_status ON jobs (status);
CREATE INDEX ix_refusals_project ON refusals (project_id);
CREATE INDEX ix_items_digest ON items (digest);
CREATE INDEX ix_items_gallery ON items (project_id, label_id, position);
CREATE INDEX ix_items_order ON items (project_id, position);
CREATE INDEX ix_runs_project ON runs (project_id);
COMMIT;
